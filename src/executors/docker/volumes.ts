import { posix } from "node:path";
import type { ContainerPlan, Plan } from "../../compile/index.ts";

/** A volume of the plan that Docker has, too. */
type KnownVolume = { name: string; kind: "empty" } | { name: string; kind: "host"; path: string };

/** One mount of a container, in the engine's form of `HostConfig.Binds`: `SOURCE:TARGET[:ro]`. */
export interface VolumeBinds {
  binds: string[];
  /** Names of `emptyDir` volumes that are used, as the plan has them. */
  empty: string[];
}

interface VolumeMount {
  name?: string;
  mountPath?: string;
  subPath?: string;
  readOnly?: boolean;
}

/** Where a container has the volumes of its `volumeMounts`; an emptyDir is a volume of the run by `volumeName`. */
export function volumeBinds(container: ContainerPlan, plan: Plan, volumeName: (name: string) => string): VolumeBinds {
  const known = new Map(knownVolumes(plan).map((volume) => [volume.name, volume]));
  const found: VolumeBinds = { binds: [], empty: [] };
  for (const { name = "", mountPath, subPath, readOnly } of mountsOf(container)) {
    const volume = known.get(name);
    if (volume === undefined || mountPath === undefined) continue;
    const end = readOnly === true ? ":ro" : "";
    if (volume.kind === "empty") {
      found.empty.push(name);
      found.binds.push(`${volumeName(name)}:${mountPath}${end}`);
    } else found.binds.push(`${posix.join(volume.path, subPath ?? "")}:${mountPath}${end}`);
  }
  return found;
}

/** Volumes, and parts of mounts, that Docker has not. */
export function volumesLeftOut(plan: Plan): string[] {
  const known = new Map(knownVolumes(plan).map((volume) => [volume.name, volume]));
  const volumes = plan.volumes.flatMap(({ name }) => (known.has(String(name)) ? [] : [`the volume "${String(name)}"`]));
  const parts = [plan.main, ...plan.sidecars].flatMap((container) =>
    mountsOf(container).flatMap(({ name = "", subPath }) =>
      subPath !== undefined && known.get(name)?.kind === "empty" ? [`subPath of the volume "${name}"`] : [],
    ),
  );
  return [...volumes, ...parts];
}

function knownVolumes(plan: Plan): KnownVolume[] {
  return plan.volumes.flatMap((volume): KnownVolume[] => {
    const name = String(volume["name"]);
    if (volume["emptyDir"] !== undefined) return [{ name, kind: "empty" }];
    const path = (volume["hostPath"] as { path?: string } | undefined)?.path;
    return path === undefined ? [] : [{ name, kind: "host", path }];
  });
}

function mountsOf({ rest }: ContainerPlan): VolumeMount[] {
  return Array.isArray(rest["volumeMounts"]) ? (rest["volumeMounts"] as VolumeMount[]) : [];
}
