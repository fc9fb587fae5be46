import type { InitStep, Plan } from "../../../compile/index.ts";
import { ERROR_CODES, type ErrorCode, type ProblemInput } from "../../../lib/index.ts";
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

/** Why a pod that is over failed: an init step with its own error, the pod itself (evicted), the main container. */
export function podEnd(pod: Pod, { plan, uuid }: Pick<RunFacts, "plan" | "uuid">): PodEnd {
  const { status } = pod;
  const init = status?.initContainerStatuses?.find(
    ({ name, state }) => (state?.terminated?.exitCode ?? 0) !== 0 && plan.sidecars.every((each) => each.name !== name),
  );
  if (init !== undefined) return initEnd(init, { step: plan.init.find(({ name }) => name === init.name), uuid });
  const main = mainStatus(pod, plan)?.state?.terminated;
  const exit = main === undefined ? {} : { exitCode: main.exitCode };
  if (status?.reason === "Evicted")
    return { ...exit, reason: "Evicted", message: `the pod was evicted: ${status.message ?? ""}`.trim(), errors: [] };
  const disrupted = status?.conditions?.find(({ type, status: is }) => type === "DisruptionTarget" && is === "True");
  if (disrupted !== undefined) {
    const message = `the pod was taken from its node: ${disrupted.message ?? disrupted.reason ?? ""}`;
    return { ...exit, reason: disrupted.reason ?? "Disrupted", message, errors: [] };
  }
  if (main?.reason === "OOMKilled") {
    const limit = memoryLimit(plan);
    return {
      ...exit,
      reason: "OOMKilled",
      message: `the main container used more memory than its limit${limit}`,
      errors: [],
    };
  }
  if (pod.metadata.deletionTimestamp !== undefined)
    return { ...exit, reason: "PodDeleted", message: "the pod was deleted while it ran", errors: [] };
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
  { step, uuid }: { step: InitStep | undefined; uuid: string },
): PodEnd {
  const { exitCode = 1, reason, message: words = "" } = state?.terminated ?? {};
  const told = step?.kind === "git" ? toldErrors(words, step) : [];
  const [first] = told;
  if (first !== undefined) return { reason: first.code, message: first.message, errors: told };
  const why = reason === "OOMKilled" ? "it used more memory than its limit" : lastLine(words);
  const message = `the init step "${name}" ended with exit code ${exitCode}${why === "" ? "" : `: ${why}`}`;
  const hint =
    reason === "OOMKilled"
      ? "give it more memory: init.resources of the config, or the step's container.resources"
      : `see what it said: bowline logs ${uuid} --container init/${name}`;
  return { reason: "RUN_FAILED", message, errors: [{ code: "RUN_FAILED", message, hint, ...placeOf(step) }] };
}

/** The engine's own errors, from its container's last words; placed where the step is written. */
function toldErrors(words: string, step: InitStep): ProblemInput[] {
  let errors: unknown;
  try {
    errors = (JSON.parse(words) as { errors?: unknown }).errors;
  } catch {
    return [];
  }
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

function memoryLimit({ main }: Plan): string {
  const limits = main.resources?.["limits"] as { memory?: unknown } | undefined;
  return limits?.memory === undefined ? "" : ` of ${String(limits.memory)}`;
}
