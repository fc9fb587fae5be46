import type { Plan } from "../../../compile/index.ts";
import { logNames } from "../manifests/names.ts";
import type { Pod } from "../api/objects.ts";
import { codeOf } from "./code.ts";
import { podEnd, type PodEnd } from "./ended.ts";
import { hasStarted, inOrder, instant, isOver, mainStarted, statusesOf } from "./pods.ts";
import { troubleOf } from "./trouble.ts";
import type { Status, StatusChange } from "../../status.ts";
import type { Derived, RunFacts, RunView } from "./view.ts";

/**
 * How long a record may be without its Job before that means anything, in milliseconds: while its commits are pinned, and once they are,
 * when the Job is made a moment later. Clocks of machines may differ by a little.
 */
const BIRTH = { pinning: 600_000, pinned: 90_000 };

/**
 * The state of a run by what the cluster holds of it now. Pure: whoever asks, from wherever, gets the same; nothing depends on what was
 * seen before. `now` in milliseconds since 1970.
 */
export function derive(facts: RunFacts, view: RunView, now: number): Derived {
  const { plan } = facts;
  const pods = inOrder(view.pods);
  const changes = createChanges(facts);
  const born = instant(view.job?.metadata.creationTimestamp ?? view.deployment?.metadata.creationTimestamp);
  const base = {
    code: codeOf(
      pods.findLast((pod) => codeOf(pod, plan).size > 0),
      plan,
    ),
    logs: logsOf(pods, plan),
  };
  const answer = (more: Partial<Derived> = {}): Derived => ({
    statuses: changes.list(),
    errors: [],
    hopeless: false,
    ...base,
    ...more,
  });
  if (born === undefined && pods.length === 0) return withoutObjects(facts, { view, changes, now, answer });

  changes.add("scheduled", born);
  attempts(pods, { facts, changes });
  const trouble = troubleOf(view, pods, { facts, now });
  const end = plan.kind === "job" ? jobEnd(view, pods, { facts, now }) : undefined;
  if (facts.stopAt !== undefined && end?.status !== "succeeded") return stopping(facts, { pods, end, changes, answer });
  if (end !== undefined) {
    const { status, at, reason, message, errors, exitCode } = end;
    changes.add(status, at ?? new Date(now).toISOString(), { reason, message });
    return answer({ statuses: changes.list(), errors, ...(exitCode === undefined ? {} : { exitCode }) });
  }
  if (trouble !== undefined) {
    const { reason, message, problem } = trouble;
    if (trouble.final) {
      changes.add("failed", new Date(now).toISOString(), { reason, message });
      return answer({ statuses: changes.list(), errors: [problem], hopeless: true });
    }
    changes.explain({ reason, message });
  }
  return answer({ statuses: changes.list() });
}

/** How long a pod's own word is waited for after its Job's, in milliseconds. */
const PODS_WORD = 10_000;

interface Change {
  reason?: string | undefined;
  message?: string | undefined;
}

/** Statuses in order, no time before the one in front of it: clocks differ, and the cluster counts in seconds. */
function createChanges({ createdAt, queuedAt }: RunFacts) {
  const changes: StatusChange[] = [
    { status: "created", at: createdAt },
    { status: "compiled", at: createdAt },
    ...(queuedAt === undefined ? [] : [{ status: "queued" as const, at: queuedAt }]),
  ];
  return {
    add(status: Status, at: string | undefined, { reason, message }: Change = {}): void {
      const before = changes.at(-1)!;
      if (before.status === status && reason === undefined) return;
      changes.push({
        status,
        at: at === undefined || at < before.at ? before.at : at,
        ...(reason === undefined ? {} : { reason }),
        ...(message === undefined ? {} : { message }),
      });
    },
    explain({ reason, message }: Change): void {
      Object.assign(changes.at(-1)!, { reason, message });
    },
    list: () => changes,
  };
}

interface Told {
  changes: ReturnType<typeof createChanges>;
  answer: (more?: Partial<Derived>) => Derived;
}

/** One after the other; a service's pods are copies, of which the first to run counts. */
function attempts(pods: readonly Pod[], { facts, changes }: { facts: RunFacts; changes: Told["changes"] }): void {
  const { plan } = facts;
  const tries = plan.termination.maxRetries + 1;
  if (plan.kind === "service") {
    const [first] = pods;
    if (first !== undefined) changes.add("starting", instant(first.status?.startTime));
    const started = pods.flatMap((pod) => mainStarted(pod, plan) ?? []).sort()[0];
    if (started !== undefined) changes.add("running", instant(started), reachable(facts, first!));
    return;
  }
  for (const [index, pod] of pods.entries()) {
    const before = pods[index - 1];
    const again =
      before === undefined
        ? {}
        : { reason: "Retry", message: `attempt ${index} failed: ${podEnd(before, facts).message}` };
    if (pod.status?.startTime !== undefined || before !== undefined) {
      changes.add("starting", instant(pod.status?.startTime ?? pod.metadata.creationTimestamp), again);
    }
    const started = mainStarted(pod, plan);
    if (started === undefined) continue;
    changes.add("running", instant(started), tries > 1 ? { message: `attempt ${index + 1} of ${tries}` } : {});
  }
}

/** How a service is reached from the outside, where it has ports. */
function reachable({ plan, object }: RunFacts, { metadata }: Pod): Change {
  if (plan.ports.length === 0) return {};
  const ports = plan.ports.map((port) => `${port}:${port}`).join(" ");
  return {
    reason: "Reachable",
    message: `reach it with: kubectl port-forward -n ${metadata.namespace ?? "default"} service/${object} ${ports}`,
  };
}

interface End extends PodEnd {
  status: "succeeded" | "failed";
  at?: string | undefined;
}

/** How a job ended; its pods may say so before the Job does. */
function jobEnd(
  { job }: RunView,
  pods: readonly Pod[],
  { facts, now }: { facts: RunFacts; now: number },
): End | undefined {
  const { plan } = facts;
  const { maxRetries } = plan.termination;
  const last = pods.at(-1);
  const condition = job?.status?.conditions?.find(
    ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
  );
  const at = instant(condition?.lastTransitionTime) ?? (last && finishedAt(last));
  // A Job may be known to be over before its pod is: how that ended is still to come.
  const running = last !== undefined && !isOver(last) && last.metadata.deletionTimestamp === undefined;
  if (condition !== undefined && running && now - Date.parse(condition.lastTransitionTime ?? "") < PODS_WORD)
    return undefined;
  // A pod that is being removed waits for the Job's word, whatever it ends with: it may be its time that is over.
  const removed = last?.metadata.deletionTimestamp !== undefined && job !== undefined;
  if (condition?.type === "Complete" || (last?.status?.phase === "Succeeded" && !removed))
    return { status: "succeeded", at, ...completed() };
  if (condition?.reason === "DeadlineExceeded") return { status: "failed", at, ...timedOut(facts, last) };
  const usedUp = last !== undefined && last.status?.phase === "Failed" && pods.length > maxRetries && !removed;
  if (usedUp && isOutOfTime(last, plan)) return { status: "failed", at, ...timedOut(facts, last) };
  // Nobody follows it by another pod: its Job was deleted, and it with the Job.
  const abandoned = job === undefined && last?.gone === true;
  if (condition === undefined && !usedUp && !abandoned) return undefined;
  if (last === undefined) return { status: "failed", at, ...podGone(condition?.message) };
  // A pod that is still there in another phase is being removed: somebody deleted it.
  if (last.status?.phase !== "Failed")
    return { status: "failed", at, ...podGone(abandoned ? "the Job of the run was deleted" : undefined) };
  const end = podEnd(last, facts);
  const tried = maxRetries > 0 && end.errors.length === 0 ? ` in the last of ${pods.length} attempts` : "";
  return { status: "failed", at, ...end, message: end.message + tried };
}

function completed(): PodEnd {
  return { reason: "Completed", message: "the main container ended with exit code 0", exitCode: 0, errors: [] };
}

/** The kubelet ended it at its own deadline, which is the run's timeout. */
function isOutOfTime({ status }: Pod, { termination }: Plan): boolean {
  return status?.reason === "DeadlineExceeded" && termination.timeout !== undefined;
}

function timedOut(facts: RunFacts, last: Pod | undefined): PodEnd {
  const { plan } = facts;
  const message = `the run took longer than its timeout of ${plan.termination.timeout} s`;
  const hint = "raise termination.timeout, or make the job shorter";
  const exitCode = last === undefined ? undefined : podEnd(last, facts).exitCode;
  return {
    reason: "Timeout",
    message,
    errors: [{ code: "RUN_TIMEOUT", message, hint }],
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}

function podGone(message: string | undefined): PodEnd {
  const why = message === undefined || /backoff limit/i.test(message) ? "the pod was deleted while it ran" : message;
  return { reason: "PodDeleted", message: why, errors: [] };
}

function finishedAt(pod: Pod): string | undefined {
  const times = statusesOf(pod).flatMap(({ state }) => instant(state?.terminated?.finishedAt) ?? []);
  return times.sort().at(-1);
}

function stopping(
  facts: RunFacts,
  { pods, end, changes, answer }: Told & { pods: readonly Pod[]; end: End | undefined },
): Derived {
  changes.add("stopping", facts.stopAt, { message: "the end of the run was asked for" });
  const last = pods.at(-1);
  const exitCode = last === undefined ? undefined : podEnd(last, facts).exitCode;
  const exit = exitCode === undefined ? {} : { exitCode };
  if (!pods.every(isOver)) return answer({ statuses: changes.list() });
  const at =
    pods
      .flatMap((pod) => finishedAt(pod) ?? [])
      .sort()
      .at(-1) ?? end?.at;
  changes.add("stopped", at, { reason: "Stopped", message: "the run was stopped" });
  return answer({ statuses: changes.list(), ...exit });
}

/** A record alone: its objects are not there yet, or not any more. */
function withoutObjects(
  facts: RunFacts,
  { view, changes, now, answer }: Told & { view: RunView; now: number },
): Derived {
  const { createdAt, queuedAt, stopAt, object, plan } = facts;
  const at = new Date(now).toISOString();
  if (stopAt !== undefined) {
    changes.add("stopping", stopAt, { message: "the end of the run was asked for" });
    changes.add("stopped", at, { reason: "Stopped", message: "the run was stopped" });
    return answer({ statuses: changes.list() });
  }
  // Events outlive what they tell of, by an hour unless the cluster is set otherwise.
  const told = view.events.filter(({ involvedObject }) => involvedObject.name === object);
  const scheduled = told.find(({ reason }) => reason === "SuccessfulCreate");
  if (scheduled !== undefined) changes.add("scheduled", instant(scheduled.firstTimestamp));
  const done = told.find(({ reason }) => reason === "Completed");
  if (done !== undefined) {
    changes.add("succeeded", instant(done.lastTimestamp), {
      reason: "Completed",
      message: "the main container ended with exit code 0",
    });
    return answer({ statuses: changes.list(), exitCode: 0 });
  }
  const failed = told.find(({ reason }) => reason === "BackoffLimitExceeded" || reason === "DeadlineExceeded");
  // Of the Job, or of a pod that had the deadline for its own.
  const late = view.events.some(
    ({ reason, involvedObject: { name = "" } }) =>
      reason === "DeadlineExceeded" && (name === object || name.startsWith(`${object}-`)),
  );
  if (failed !== undefined) {
    const end =
      late && plan.termination.timeout !== undefined
        ? timedOut(facts, undefined)
        : { ...podGone("its pods are gone; they failed") };
    changes.add("failed", instant(failed.lastTimestamp), end);
    return answer({ statuses: changes.list(), errors: end.errors });
  }
  const young =
    queuedAt === undefined ? now - Date.parse(createdAt) < BIRTH.pinning : now - Date.parse(queuedAt) < BIRTH.pinned;
  if (young) return answer();
  const message = `the ${plan.kind === "job" ? "Job" : "Deployment"} of the run is gone, and nothing says how it ended`;
  const hint = "it was deleted by somebody, or by its ttl before anyone looked";
  changes.add("failed", at, { reason: "RUN_LOST", message });
  return answer({ statuses: changes.list(), errors: [{ code: "RUN_LOST", message, hint }] });
}

function logsOf(pods: readonly Pod[], plan: Plan): string[] {
  const names = logNames(plan);
  const started = new Set(
    pods.flatMap((pod) =>
      statusesOf(pod)
        .filter(hasStarted)
        .map(({ name }) => name),
    ),
  );
  const init = plan.init.map(({ name }) => name);
  const order = [...init, plan.main.name, ...plan.sidecars.map(({ name }) => name)];
  return order.filter((name) => started.has(name)).map((name) => names[name]!);
}
