import type { Plan } from "../../../compile/index.ts";
import type { ProblemInput } from "../../../lib/index.ts";
import type { KubeEvent, Pod } from "../api/objects.ts";
import { initEnd } from "./ended.ts";
import { isOver, mainStarted } from "./pods.ts";
import type { RunFacts, RunView, Trouble } from "./view.ts";
import { creationTrouble, waitingTrouble } from "./waiting.ts";

/** What keeps the run from starting; of a run whose main container has started, nothing does. */
export function troubleOf(
  view: RunView,
  pods: readonly Pod[],
  { facts, now }: { facts: RunFacts; now: number },
): Trouble | undefined {
  const { plan, object } = facts;
  const current = pods.filter((pod) => !isOver(pod));
  if (plan.kind === "service" && pods.some((pod) => mainStarted(pod, plan) !== undefined))
    return crashing(current, plan);
  for (const pod of current) {
    if (mainStarted(pod, plan) !== undefined) continue;
    const failing = plan.kind === "service" ? failingInit(pod, facts) : undefined;
    const trouble = failing ?? endingSidecar(pod, plan) ?? waitingTrouble(pod, { plan, events: view.events, now });
    if (trouble !== undefined) return trouble;
  }
  if (current.length > 0) return undefined;
  const failure = view.deployment?.status?.conditions?.find(
    ({ type, status }) => type === "ReplicaFailure" && status === "True",
  );
  if (failure?.message !== undefined) return creationTrouble(failure.message);
  const refused = latest(
    view.events.filter(({ reason, involvedObject }) => reason === "FailedCreate" && involvedObject.name === object),
  );
  return refused === undefined ? undefined : creationTrouble(refused.message ?? "");
}

/** Exit codes of our initializer that another try would not change. */
const REFUSED: ReadonlySet<number> = new Set([2, 3, 4]);

/** How often an init step of a service may fail, or a sidecar end before the main container, before that is the run's end: the cluster would go on for ever. */
const TRIES = 4;

/** An init step of a service that fails, and is started again. */
function failingInit(pod: Pod, { plan, uuid }: RunFacts): Trouble | undefined {
  for (const { name, state, lastState, restartCount } of pod.status?.initContainerStatuses ?? []) {
    const terminated = [state?.terminated, lastState?.terminated].find((each) => (each?.exitCode ?? 0) !== 0);
    const step = plan.init.find((each) => each.name === name);
    if (terminated === undefined || step === undefined || state?.running !== undefined) continue;
    const end = initEnd({ name, state: { terminated }, restartCount }, { step, uuid, pod });
    const refused = step.kind === "git" && step.handler === undefined && REFUSED.has(terminated.exitCode);
    const final = refused || restartCount + 1 >= TRIES;
    return { reason: end.reason, message: end.message, problem: end.errors[0]!, final };
  }
  return undefined;
}

/** A sidecar that ends again and again: the cluster starts the main container only while all of them run. */
function endingSidecar(pod: Pod, { sidecars }: Plan): Trouble | undefined {
  for (const { name, state, lastState, restartCount } of pod.status?.initContainerStatuses ?? []) {
    const sidecar = sidecars.find((each) => each.name === name);
    const exit = state?.terminated ?? lastState?.terminated;
    if (sidecar === undefined || exit === undefined || state?.running !== undefined) continue;
    const message = `the sidecar "${name}" ended with exit code ${exit.exitCode}, and the main container waits until it runs`;
    const hint = "have it go on until it is ended; what has an end of its own is an init step";
    const place = sidecar.place === undefined ? {} : { place: sidecar.place };
    const problem: ProblemInput = { code: "RUN_FAILED", message, hint, ...place };
    return { reason: "SidecarEnded", message, problem, final: restartCount + 1 >= TRIES };
  }
  return undefined;
}

/** A service is started again by the cluster for as long as it is there; what happens to it is told. */
function crashing(pods: readonly Pod[], plan: Plan): Trouble | undefined {
  for (const pod of pods) {
    const status = pod.status?.containerStatuses?.find(({ name }) => name === plan.main.name);
    if (status?.state?.waiting?.reason !== "CrashLoopBackOff") continue;
    const exit = status.lastState?.terminated;
    const message = `the service ended with exit code ${exit?.exitCode ?? "unknown"} and is started again (${status.restartCount} times so far)`;
    const problem: ProblemInput = { code: "RUN_FAILED", message, hint: "see its log" };
    return { reason: exit?.reason === "OOMKilled" ? "OOMKilled" : "CrashLoopBackOff", message, problem, final: false };
  }
  return undefined;
}

function latest(events: readonly KubeEvent[]): KubeEvent | undefined {
  const time = ({ lastTimestamp, eventTime }: KubeEvent): string => lastTimestamp ?? eventTime ?? "";
  return events.toSorted((one, other) => (time(one) < time(other) ? -1 : 1)).at(-1);
}
