import type { Plan } from "../../../compile/index.ts";
import type { ContainerStatus, Pod } from "../api/objects.ts";

/** Oldest first. */
export function inOrder(pods: readonly Pod[]): Pod[] {
  const key = ({ metadata }: Pod): string => `${metadata.creationTimestamp ?? ""} ${metadata.name}`;
  return pods.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
}

export function statusesOf({ status }: Pod): ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

export function mainStatus(pod: Pod, plan: Plan): ContainerStatus | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === plan.main.name);
}

/** When the main container started for the first time in this pod, as far as the pod still says. */
export function mainStarted(pod: Pod, plan: Plan): string | undefined {
  const { state, lastState } = mainStatus(pod, plan) ?? {};
  return lastState?.terminated?.startedAt ?? state?.running?.startedAt ?? state?.terminated?.startedAt;
}

/** Whether it has ended and no container of it will start again. */
export function isOver({ status, gone }: Pod): boolean {
  return gone === true || status?.phase === "Succeeded" || status?.phase === "Failed";
}

/** Whether this instance of a container, or one before it, has written or may write. */
export function hasStarted({ state, lastState }: ContainerStatus): boolean {
  return (
    state?.running !== undefined || state?.terminated?.startedAt !== undefined || lastState?.terminated !== undefined
  );
}

/** Milliseconds, which the cluster does not count. */
export function instant(time: string | undefined | null): string | undefined {
  if (!time) return undefined;
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
