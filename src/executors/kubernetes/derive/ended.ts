import type { InitStep } from "../../../compile/index.ts";
import { ERROR_CODES, parseJson, type ErrorCode, type ProblemInput } from "../../../lib/index.ts";
import type { ContainerStatus, Pod } from "../api/objects.ts";
import { mainStatus } from "./pods.ts";
import type { RunFacts } from "./view.ts";

/** How a pod ended, in the run's words. */
export interface PodEnd {
  reason: string;
  message: string;
  exitCode?: number;
  errors: ProblemInput[];
}

/** Why a pod that is over failed: what was done to the pod itself (evicted, deleted), an init step with its own error, the main container. */
export function podEnd(pod: Pod, { plan, uuid }: Pick<RunFacts, "plan" | "uuid">): PodEnd {
  const { status } = pod;
  const main = mainStatus(pod, plan)?.state?.terminated;
  const exit = main === undefined ? {} : { exitCode: main.exitCode };
  const taken = takenAway(pod);
  if (taken !== undefined) return { ...exit, ...taken };
  const init = status?.initContainerStatuses?.find(
    ({ name, state }) => (state?.terminated?.exitCode ?? 0) !== 0 && plan.sidecars.every((each) => each.name !== name),
  );
  if (init !== undefined && !(isRemoved(pod) && wasEnded(init)))
    return initEnd(init, { step: plan.init.find(({ name }) => name === init.name), uuid, pod });
  if (main?.reason === "OOMKilled") {
    const message = `the main container used more memory than its limit${memoryLimit(pod, plan.main.name)}`;
    return { ...exit, reason: "OOMKilled", message, errors: [] };
  }
  if (isRemoved(pod)) return { ...exit, reason: "PodDeleted", message: "the pod was deleted while it ran", errors: [] };
  const what = plan.kind === "service" ? "the service" : "the main container";
  if (main !== undefined) {
    if (main.reason === "StartError" || main.reason === "ContainerCannotRun")
      return notStarted(what, main.message ?? "");
    const message = `${what} ended with exit code ${main.exitCode}`;
    return { ...exit, reason: "ExitCode", message, errors: [] };
  }
  const why = status?.message ?? status?.reason ?? "it was deleted";
  return { reason: status?.reason ?? "PodFailed", message: `the pod failed: ${why}`, errors: [] };
}

/** By the kubelet or somebody's eviction, whatever its containers said when they were ended. */
function takenAway({ status }: Pod): Pick<PodEnd, "reason" | "message" | "errors"> | undefined {
  if (status?.reason === "Evicted")
    return { reason: "Evicted", message: `the pod was evicted: ${status.message ?? ""}`.trim(), errors: [] };
  const disrupted = status?.conditions?.find(({ type, status: is }) => type === "DisruptionTarget" && is === "True");
  if (disrupted === undefined) return undefined;
  const message = `the pod was taken from its node: ${disrupted.message ?? disrupted.reason ?? ""}`;
  return { reason: disrupted.reason ?? "Disrupted", message, errors: [] };
}

function isRemoved({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** Exit codes of a process that a signal ended: 130 is the initializer's own. */
const SIGNALLED: ReadonlySet<number> = new Set([130, 137, 143]);

/** It did not fail of itself: TERM or KILL came from the outside. */
function wasEnded({ state }: ContainerStatus): boolean {
  const { exitCode = 0, reason } = state?.terminated ?? {};
  return SIGNALLED.has(exitCode) && reason !== "OOMKilled";
}

/** With a shell's exit codes, as on every executor: the runtime's own are others. */
function notStarted(what: string, said: string): PodEnd {
  const absent = /no such file or directory|executable file not found|not found in \$PATH/.test(said);
  const why = said.replace(/^.*unable to start container process: /, "").replace(/: unknown$/, "");
  const exitCode = absent ? 127 : 126;
  return { exitCode, reason: "ExitCode", message: `${what} could not be started: ${why}`, errors: [] };
}

/** How an init step failed: by the engine's own errors where it told them. */
export function initEnd(
  { name, state }: ContainerStatus,
  { step, uuid, pod }: { step: InitStep | undefined; uuid: string; pod: Pod },
): PodEnd {
  const { exitCode = 1, reason, message: words = "" } = state?.terminated ?? {};
  const outOfMemory = reason === "OOMKilled";
  const told = step?.kind === "git" && !outOfMemory ? toldErrors(words, step) : [];
  const [first] = told;
  if (first !== undefined) return { reason: first.code, message: first.message, errors: told };
  const why = outOfMemory ? `it used more memory than its limit${memoryLimit(pod, name)}` : lastLine(words);
  const message = `the init step "${name}" ended with exit code ${exitCode}${why === "" ? "" : `: ${why}`}`;
  const hint = outOfMemory
    ? "give it more memory: init.resources of the config, or the step's container.resources"
    : `see what it said: bowline logs ${uuid} --container init/${name}`;
  const code = "RUN_FAILED";
  return { reason: outOfMemory ? "OOMKilled" : code, message, errors: [{ code, message, hint, ...placeOf(step) }] };
}

/** The engine's own errors, from its container's last words; placed where the step is written. */
function toldErrors(words: string, step: InitStep): ProblemInput[] {
  const errors = parseJson<{ errors?: unknown } | null>(words)?.errors;
  if (!Array.isArray(errors)) return [];
  return (errors as Partial<ProblemInput>[]).flatMap(({ code, message, hint, connection }) => {
    if (typeof code !== "string" || typeof message !== "string") return [];
    const known: ErrorCode = Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : "INTERNAL";
    const told = { code: known, message, hint: hint ?? "", ...placeOf(step) };
    return [connection === undefined ? told : { ...told, connection }];
  });
}

function placeOf(step: InitStep | undefined) {
  return step?.place === undefined ? {} : { place: step.place };
}

function lastLine(words: string): string {
  return words.trim().split("\n").at(-1)?.slice(0, 500) ?? "";
}

/** What the pod really has: a limit may also be the namespace's. */
function memoryLimit({ spec }: Pod, name: string): string {
  const container = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].find((each) => each.name === name);
  const memory = container?.resources?.limits?.memory;
  return memory === undefined ? "" : ` of ${memory}`;
}
