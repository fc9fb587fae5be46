import type { ContainerPlan, GitStep, InitStep } from "../compile/index.ts";
import type { Config } from "../config/index.ts";
import { readLeftCode } from "../git/index.ts";
import type { Problem } from "../lib/index.ts";
import type { ExecutionContext } from "./executor.ts";

/** Which steps their own container does, and which the engine: that depends on what can be run here. */
export type HandlerOf = (step: GitStep) => ContainerPlan | undefined;

/** As a process, only a command can do the work of git. */
export const handlerWithCommand: HandlerOf = ({ handler }) => (handler?.command === undefined ? undefined : handler);

/** In containers an image is enough: its entrypoint does the work. */
export const handlerWithImage: HandlerOf = ({ handler }) => handler;

/** One step each, but for the engine's own, which stay together and are fetched side by side. */
export function neighbours(steps: readonly InitStep[], handlerOf: HandlerOf): InitStep[][] {
  const isEngines = (step: InitStep): boolean => step.kind === "git" && handlerOf(step) === undefined;
  const groups: InitStep[][] = [];
  for (const step of steps) {
    const before = groups.at(-1);
    if (before?.[0] !== undefined && isEngines(before[0]) && isEngines(step)) before.push(step);
    else groups.push([step]);
  }
  return groups;
}

/** What the user's own way to get the code is told: what the engine would have been told. Our image as a handler hears what of the policy it has to. */
export function handlerEnv(
  { url, path, revision, pin }: GitStep,
  { plainHttpHosts }: Config["policy"],
): Record<string, string> {
  return {
    BOWLINE_GIT_URL: url,
    BOWLINE_GIT_PATH: path,
    ...(revision === undefined ? {} : { BOWLINE_GIT_REVISION: revision }),
    ...(pin === undefined ? {} : { BOWLINE_GIT_COMMIT: pin.commit }),
    ...(pin?.ref === undefined ? {} : { BOWLINE_GIT_REF: pin.ref }),
    ...(plainHttpHosts.length === 0 ? {} : { BOWLINE_PLAIN_HTTP_HOSTS: plainHttpHosts.join(",") }),
  };
}

/** The connections of a step's own container: the step's first. */
export function stepConnections(connection: string | undefined, container: ContainerPlan): string[] {
  const own = connection === undefined ? [] : [connection];
  return [...own, ...container.connections.filter((name) => name !== connection)];
}

export interface LeftBehind {
  step: GitStep;
  context: ExecutionContext;
  /** `step.path` on this machine. */
  folder: string;
  /** Milliseconds that the handler took. */
  took: number;
  signal: AbortSignal;
}

/** Tells the commit that a handler left, which need not be the one that was asked for. */
export async function tellLeftCode({ step, context, folder, took, signal }: LeftBehind): Promise<void> {
  const { url, revision, connection, pin } = step;
  const { policy, network } = context.config;
  const found = await readLeftCode({
    ...{ url, policy, network, path: folder, took, signal },
    ...(revision === undefined ? {} : { revision }),
    ...(connection === undefined ? {} : { connection }),
    ...(pin === undefined ? {} : { pin }),
  });
  if (found === undefined) return;
  context.onEvent({ type: "code-reference", step: step.name, reference: { ...found, path: step.path } });
  if (pin !== undefined && pin.commit !== found.commit) {
    context.onEvent({ type: "warning", warning: otherCommit(step, { asked: pin.commit, left: found.commit }) });
  }
}

/** The user's own container put another commit there than it was told to. */
export function otherCommit(step: GitStep, { asked, left }: { asked: string; left: string }): Problem {
  return {
    code: "HANDLER_OTHER_COMMIT",
    message: `"${step.name}" was asked for commit ${asked} and left ${left}`,
    hint: 'check out "$BOWLINE_GIT_COMMIT" in the step\'s own container',
    ...(step.connection === undefined ? {} : { connection: step.connection }),
    ...(step.place === undefined ? {} : { place: step.place }),
  };
}
