import { posix } from "node:path";
import type { Plan } from "../../../compile/index.ts";

export interface VolumeMount {
  name: string;
  mountPath: string;
  subPath?: string;
  readOnly?: boolean;
}

/** The volumes of a pod, and where each container finds the folders that init steps fill. */
export interface Volumes {
  /** Mounted in every container. */
  shared: VolumeMount[];
  /** Adds a volume; the same source twice is one volume. Gives its name. */
  add: (source: object, hint: string) => string;
  /** As the pod's manifest has them, the user's own first. */
  list: () => object[];
}

/**
 * One `emptyDir` for the artifacts (or the volume that the config names), one for each folder outside of them that a step lands in. A
 * folder that the main container mounts a volume of its own at is that volume.
 */
export function createVolumes(
  plan: Plan,
  { uuid, artifacts }: { uuid: string; artifacts?: object | undefined },
): Volumes {
  const own: { name: string; key: string; volume: object }[] = [];
  const taken = new Set(plan.volumes.map(({ name }) => String(name)));

  function add(source: object, hint: string): string {
    const key = JSON.stringify(source);
    const known = own.find((each) => each.key === key && key !== EMPTY);
    if (known !== undefined) return known.name;
    let name = hint;
    for (let number = 2; taken.has(name); number++) name = `${hint}-${number}`;
    taken.add(name);
    own.push({ name, key, volume: { name, ...source } });
    return name;
  }

  const name = add(artifacts ?? { emptyDir: {} }, "bowline-artifacts");
  const below = artifacts === undefined ? {} : { subPath: `bowline/${uuid}` };
  const shared: VolumeMount[] = [{ name, mountPath: plan.artifactsPath, ...below }];
  const outputs = posix.join(plan.artifactsPath, uuid, "outputs");
  shared.push(
    artifacts === undefined
      ? { name: add({ emptyDir: {} }, "bowline-outputs"), mountPath: outputs }
      : { name, mountPath: outputs, subPath: `bowline/${uuid}/${uuid}/outputs` },
  );
  const users = ((plan.main.rest["volumeMounts"] ?? []) as VolumeMount[]).filter(({ readOnly }) => readOnly !== true);
  for (const folder of landingFolders(plan)) {
    if (shared.some(({ mountPath }) => isAtOrBelow(folder, mountPath))) continue;
    const mounted = users.find(({ mountPath }) => isAtOrBelow(folder, mountPath));
    shared.push(mounted ?? { name: add({ emptyDir: {} }, "bowline-path"), mountPath: folder });
  }
  return { shared, add, list: () => [...plan.volumes, ...own.map(({ volume }) => volume)] };
}

/** A container's mounts: ours, and its own, which count where both are at one place. */
export function mountsWith(given: readonly VolumeMount[], own: readonly VolumeMount[]): VolumeMount[] {
  const places = new Set(given.map(({ mountPath }) => posix.join("/", mountPath)));
  return [...own.filter(({ mountPath }) => !places.has(posix.join("/", mountPath))), ...given];
}

const EMPTY = JSON.stringify({ emptyDir: {} });

/** Shortest first, so that a folder below another needs no volume of its own. */
function landingFolders(plan: Plan): string[] {
  const folders = plan.init.flatMap((step) =>
    step.kind === "git" ? [posix.dirname(step.path)] : step.kind === "file" ? [step.path] : [],
  );
  return [...new Set(folders)].sort((one, other) => one.length - other.length);
}

function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder.replace(/\/$/, "")}/`);
}
