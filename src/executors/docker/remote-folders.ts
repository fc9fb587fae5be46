import { posix } from "node:path";
import type { Plan } from "../../compile/index.ts";
import type { ExecutionContext } from "../executor.ts";
import { CONTEXT } from "../places.ts";
import { tarOf, type TarEntry } from "./client/tar.ts";
import type { DockerClient } from "./client/client.ts";
import { gone } from "./client/errors.ts";
import type { Mount } from "./container-body.ts";
import { runLabels } from "./labels.ts";
import { isBelow, type SharedFolders } from "./shared-folders.ts";

/** The folders of a run where the engine is: volumes, filled through containers that have them. */
export interface RemoteFolders extends SharedFolders {
  /** Writes entries below `/plx-context`, or notes a file for every container. */
  write: (folder: string, entries: readonly TarEntry[]) => Promise<void>;
}

/** One volume for `/plx-context`, and one for each folder elsewhere that a git step lands in. */
export function remoteFolders(plan: Plan, context: ExecutionContext, client: DockerClient): RemoteFolders {
  const { uuid } = context;
  const labels = runLabels(uuid, plan);
  const elsewhere = new Map<string, TarEntry[]>();
  let image = "";
  const steps = plan.init.flatMap((step) => (step.kind === "git" ? [posix.dirname(step.path)] : []));
  const targets = [CONTEXT, ...new Set(steps.filter((folder) => !isBelow(folder, CONTEXT)))];
  const all = targets.map((Target, index): Mount => ({
    ...{ Type: "volume", Source: `bowline-${uuid}-folder-${index}`, Target },
    VolumeOptions: { NoCopy: true, Labels: labels },
  }));

  async function write(folder: string, entries: readonly TarEntry[]): Promise<void> {
    const covered = targets.find((target) => isBelow(folder, target));
    if (covered === undefined) {
      elsewhere.set(folder, [...(elsewhere.get(folder) ?? []), ...entries]);
      return;
    }
    const below = posix.relative(covered, folder);
    const named = entries.map((entry) => ({ ...entry, name: posix.join(below, entry.name) }));
    const body = { Image: image, Cmd: ["write"], Labels: labels, HostConfig: { Mounts: all } };
    const { Id } = await client.ask<{ Id: string }>("POST", "/containers/create", { body });
    try {
      await client.ask("PUT", `/containers/${Id}/archive`, { query: { path: covered }, archive: tarOf(named) });
    } finally {
      await client.ask("DELETE", `/containers/${Id}`, { query: { force: 1 } });
    }
  }

  /** A container of the image is never started; it has the volumes while they are written. */
  async function make(madeOf: string): Promise<void> {
    image = madeOf;
    const folder = (name: string): TarEntry => ({ name: `${name}/`, mode: 0o777, uid: 0, gid: 0 });
    await write(CONTEXT, [folder("artifacts"), folder(`artifacts/${uuid}`), folder(`artifacts/${uuid}/outputs`)]);
  }

  async function clear(): Promise<void> {
    for (const { Source } of all) await gone(client.ask("DELETE", `/volumes/${Source}`, { query: { force: 1 } }));
  }

  return { mounts: () => Promise.resolve(all), files: () => elsewhere, make, clear, write };
}
