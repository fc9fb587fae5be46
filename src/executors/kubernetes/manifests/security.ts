import type { ContainerPlan, Plan } from "../../../compile/index.ts";

/** The user of our image, and the group that everybody in a pod shares where the main container's user is not known. */
export const OWN_USER = 65_532;

/** Whom the files of a run belong to. */
export interface Owner {
  uid: number;
  gid: number;
  /** False where the main container's user is its image's: then the group may write, and is everybody's. */
  known: boolean;
}

interface Ids {
  runAsUser?: number;
  runAsGroup?: number;
  fsGroup?: number;
}

/** The user and group of the main container as far as the plan tells: the container's own, else the pod's. */
export function ownerOf(plan: Plan): Owner {
  const pod = (plan.environment["securityContext"] ?? {}) as Ids;
  const own = (plan.main.rest["securityContext"] ?? {}) as Ids;
  const uid = own.runAsUser ?? pod.runAsUser;
  const gid = own.runAsGroup ?? pod.runAsGroup;
  if (uid === undefined) return { uid: OWN_USER, gid: pod.fsGroup ?? OWN_USER, known: false };
  return { uid, gid: gid ?? pod.fsGroup ?? 0, known: true };
}

/** The pod's own settings, with the shared group where it is needed to write to the repository. */
export function podSecurity(plan: Plan, owner: Owner): object | undefined {
  const given = (plan.environment["securityContext"] ?? {}) as Ids & { supplementalGroups?: number[] };
  if (owner.known || given.fsGroup !== undefined) return Object.keys(given).length === 0 ? undefined : given;
  return { ...given, supplementalGroups: [...new Set([...(given.supplementalGroups ?? []), owner.gid])] };
}

/** What a container that we add runs as: Pod Security "restricted", and nothing more than it needs. */
export function ownSecurity({ uid, gid }: Pick<Owner, "uid" | "gid">): object {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem: true,
    runAsUser: uid,
    runAsGroup: gid,
    runAsNonRoot: uid !== 0,
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** What a git step may use unless the config or the step says otherwise. */
export const OWN_RESOURCES = {
  requests: { cpu: "20m", memory: "64Mi", "ephemeral-storage": "64Mi" },
  limits: { cpu: "2", memory: "512Mi", "ephemeral-storage": "20Gi" },
};

/** Whether the files of a Secret can be left to their owner alone: only where the container is known to be root's. */
export function secretMode(container: ContainerPlan, plan: Plan): number {
  const pod = (plan.environment["securityContext"] ?? {}) as Ids;
  const own = (container.rest["securityContext"] ?? {}) as Ids;
  return (own.runAsUser ?? pod.runAsUser) === 0 ? 0o400 : 0o444;
}
