import { posix } from "node:path";
import type { ContainerPlan, FileStep, GitStep, InitStep } from "../../../compile/index.ts";
import { leftName } from "./left-code.ts";
import { initializerWords, ownContainer } from "./own-container.ts";
import { ownerOf } from "./security.ts";
import { stepCredentials } from "./step-credentials.ts";
import { handlerEnv, stepConnections } from "../../handler.ts";
import type { UserContainerInput } from "./container-input.ts";
import { userContainer } from "./user-container.ts";

export interface InitInput extends UserContainerInput {
  /** Our own image. */
  image: string;
  /** Name of the config map that holds the contents of file steps. */
  record: string;
  token: boolean;
}

/** The init containers of a plan, in declared order; then the sidecars, which are init containers that go on. */
export function initContainers(input: InitInput): object[] {
  const { plan } = input;
  return [
    ...plan.init.flatMap((step, index) => initContainer(step, index, input)),
    ...plan.sidecars.map((sidecar) => ({ ...userContainer(sidecar, {}, input), restartPolicy: "Always" })),
  ];
}

/** The key of a file step's content in the record's config map. */
export function fileKey(index: number): string {
  return `file-${index}`;
}

function initContainer(step: InitStep, index: number, input: InitInput): object[] {
  if (step.kind === "file") return [fileContainer(step, index, input)];
  if (step.kind === "container") {
    const connections = stepConnections(step.connection, step.container);
    return [userContainer({ ...step.container, name: step.name }, { connections }, input)];
  }
  const { handler } = step;
  if (handler === undefined) return [gitContainer(step, input)];
  return [handlerContainer(step, handler, input), leftContainer(step, index, input)];
}

function gitContainer(step: GitStep, input: InitInput): object {
  const { plan, config, volumes } = input;
  const owner = ownerOf(plan);
  const { credentials, mounts } = stepCredentials(step, { plan, config, volumes });
  const settings = {
    policy: config.policy,
    options: step.options,
    credentials,
    ...(owner.known ? {} : { groupWrites: true }),
  };
  return ownContainer({
    ...input,
    name: step.name,
    owner,
    words: initializerWords(step, settings),
    mounts: [...mounts, ...volumes.shared],
    env: step.settings?.env ?? [],
    resources: step.settings?.resources,
  });
}

/** The user's own way to get the code; with an image alone, the image's entrypoint does it. */
function handlerContainer(step: GitStep, handler: ContainerPlan, input: InitInput): object {
  const env = Object.entries(handlerEnv(step, input.config.policy)).map(([name, value]) => ({ name, value }));
  const connections = stepConnections(step.connection, handler);
  return userContainer({ ...handler, name: step.name }, { connections, env }, input);
}

/** Tells the commit that a handler left: only a container of the pod can see it. */
function leftContainer(step: GitStep, index: number, input: InitInput): object {
  const settings = { policy: input.config.policy, options: step.options, credentials: [] };
  return ownContainer({
    ...input,
    name: leftName(index),
    owner: ownerOf(input.plan),
    words: initializerWords(step, settings, "--left-only"),
    mounts: input.volumes.shared,
  });
}

/** Written beside its place and renamed; whole or not at all. */
const WRITE = `set -eu
mkdir -p "$2"
cp "$1" "$2/.$3.new"
chmod "$4" "$2/.$3.new"
mv -f "$2/.$3.new" "$2/$3"`;

function fileContainer(step: FileStep, index: number, input: InitInput): object {
  const { plan, volumes, record } = input;
  const key = fileKey(index);
  const source = { configMap: { name: record, items: [{ key, path: key }] } };
  const folder = posix.join("/bowline/files", key);
  const mount = { name: volumes.add(source, "bowline-file"), mountPath: folder, readOnly: true };
  const words = [posix.join(folder, key), step.path, step.filename, step.mode.toString(8)];
  return ownContainer({
    ...input,
    name: step.name,
    owner: ownerOf(plan),
    command: ["sh", "-c", WRITE, "sh", ...words],
    mounts: [mount, ...volumes.shared],
  });
}
