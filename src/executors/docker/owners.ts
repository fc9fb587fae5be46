import type { ContainerPlan, Plan } from "../../compile/index.ts";
import type { Ending } from "../ending.ts";
import type { ExecutionContext } from "../executor.ts";
import type { DockerClient } from "./client/client.ts";
import { ensureImage } from "./images.ts";
import { containerLabels } from "./labels.ts";
import type { Patience } from "./patience.ts";
import { hostSettings } from "./settings.ts";
import { containerFiles, ownerOf, type Owner } from "./user.ts";

interface Owners {
  plan: Plan;
  context: ExecutionContext;
  client: DockerClient;
  patience: Patience;
  ending: Ending;
  remove: (id: string) => Promise<void>;
}

/** Has the image of a container ready, and tells who the container runs as; each image and user is looked at once. */
export function createOwners(tools: Owners): (container: ContainerPlan) => Promise<Owner> {
  const owners = new Map<string, Promise<Owner>>();
  return (container) => {
    const user = hostSettings(container, tools.plan).user;
    const key = `${container.image} ${user ?? ""}`;
    let owner = owners.get(key);
    if (owner === undefined) {
      owner = findOwner(container, user, tools);
      owners.set(key, owner);
      owner.catch(() => owners.delete(key));
    }
    return owner;
  };
}

async function findOwner(container: ContainerPlan, user: string | undefined, tools: Owners): Promise<Owner> {
  const { plan, context, client, patience, ending, remove } = tools;
  const { image = "", rest, place, name } = container;
  const settings = await patience.try(() =>
    ensureImage(client, {
      ...{ image, place, pullPolicy: rest["imagePullPolicy"] as string | undefined },
      settings: { folder: context.config.docker?.folder, programs: context.config.docker?.programs ?? {} },
      say: (text) => context.say(logOf(plan, name), text),
      signal: ending.signal,
    }),
  );
  const asked = user ?? settings.user;
  if (/^(|0|root)(:0|:root)?$/.test(asked) || /^\d+:\d+$/.test(asked)) return ownerOf(asked, async () => undefined);
  // A container that is never started shows the image's files.
  const body = {
    Image: image,
    Cmd: ["look"],
    Labels: containerLabels(context.uuid, plan, { log: "look", attempt: 1 }),
  };
  const { Id } = await patience.try(() => client.ask<{ Id: string }>("POST", "/containers/create", { body }));
  try {
    return await ownerOf(asked, containerFiles(client, Id));
  } finally {
    await remove(Id);
  }
}

/** The log of a container that is not there yet. */
function logOf(plan: Plan, name: string): string {
  if (name === plan.main.name) return "main";
  return plan.sidecars.some((sidecar) => sidecar.name === name) ? `sidecar/${name}` : `init/${name}`;
}
