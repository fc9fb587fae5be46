import type { Plan } from "../../../compile/index.ts";

/** Seconds between TERM and KILL, as on every executor. */
export const GRACE = 10;

/** Seconds that a pod has to get to a node, so that its own deadline is over before the Job's. */
const START = 10;

interface Deadline {
  activeDeadlineSeconds?: number;
}

/**
 * A job without retries has its `timeout` as the deadline of its pod: the kubelet ends that, and keeps it with exit codes and logs. At a Job's deadline
 * Kubernetes deletes the pod.
 */
export function podDeadline(plan: Plan): Deadline {
  const { timeout } = plan.termination;
  return timeout !== undefined && ofItsPod(plan) ? { activeDeadlineSeconds: timeout } : {};
}

/** What retries share is the Job's to count. Without them its deadline is for a pod that finds no node, and comes after the pod's. */
export function jobDeadline(plan: Plan): Deadline {
  const { timeout } = plan.termination;
  if (timeout === undefined) return {};
  return { activeDeadlineSeconds: ofItsPod(plan) ? timeout + START + GRACE : timeout };
}

function ofItsPod({ kind, termination }: Plan): boolean {
  return kind === "job" && termination.maxRetries === 0;
}
