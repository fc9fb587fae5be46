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
  const { pod, own } = idsOf(plan, plan.main);
  const uid = own.runAsUser ?? pod.runAsUser;
  const gid = own.runAsGroup ?? pod.runAsGroup ?? pod.fsGroup ?? (uid === 0 ? 0 : OWN_USER);
  return uid === undefined ? { uid: OWN_USER, gid, known: false } : { uid, gid, known: true };
}

/**
 * The pod's own settings, with what lets the main container write to the repository and read its Secrets, whoever it is: the group of the
 * pod's volumes. Kubernetes would give claimed volumes to that group, too, and with it widen modes that were asked for; where there are any, the
 * group is only everybody's.
 */
export function podSecurity(plan: Plan, owner: Owner): object | undefined {
  const given = (plan.environment["securityContext"] ?? {}) as Ids & { supplementalGroups?: number[] };
  if (given.fsGroup === undefined && owner.uid !== 0) {
    if (sharesVolumes(plan)) return { ...given, fsGroup: owner.gid };
    if (!owner.known)
      return { ...given, supplementalGroups: [...new Set([...(given.supplementalGroups ?? []), owner.gid])] };
  }
  return Object.keys(given).length === 0 ? undefined : given;
}

const PASSING = new Set(["emptyDir", "secret", "configMap", "projected", "downwardAPI", "name"]);

function sharesVolumes({ volumes, connections }: Plan): boolean {
  const modes = Object.values(connections).some(({ secret }) => secret?.defaultMode !== undefined);
  return !modes && volumes.every((volume) => Object.keys(volume).every((key) => PASSING.has(key)));
}

function idsOf(plan: Plan, container: ContainerPlan): { pod: Ids; own: Ids } {
  return {
    pod: (plan.environment["securityContext"] ?? {}) as Ids,
    own: (container.rest["securityContext"] ?? {}) as Ids,
  };
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

/** The mode of a Secret's files: as few as possible of those in the container may read them. */
export function secretMode(container: ContainerPlan, plan: Plan): number {
  const { pod, own } = idsOf(plan, container);
  if ((own.runAsUser ?? pod.runAsUser) === 0) return 0o400;
  const { fsGroup } = (podSecurity(plan, ownerOf(plan)) ?? {}) as Ids;
  return fsGroup === undefined ? 0o444 : 0o440;
}
