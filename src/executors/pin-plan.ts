import { join } from "node:path";
import type { GitStep, Plan } from "../compile/index.ts";
import type { GitRequest, Resolution } from "../git/index.ts";
import { BowlineError, type ErrorCode, type ProblemInput } from "../lib/index.ts";
import type { ExecutionContext } from "./executor.ts";
import type { GitEngine } from "./git-engine.ts";
import type { HandlerOf } from "./handler.ts";

/** A pinned plan, and by the names of their steps the sessions that found the commits. */
export interface PinnedPlan {
  plan: Plan;
  resolutions: Map<string, Resolution>;
}

/** What pinning needs of a run. */
export type PinContext = Pick<ExecutionContext, "uuid" | "config" | "findCredentialFor" | "onEvent" | "stop" | "kill">;

/** Turns every revision without a pin into a commit, all at once. Throws one BowlineError with every refusal. */
export async function pinPlan(
  plan: Plan,
  { context, engine, handlerOf }: { context: PinContext; engine: Pick<GitEngine, "resolve">; handlerOf: HandlerOf },
): Promise<PinnedPlan> {
  const resolutions = new Map<string, Resolution>();
  /** By step, so that they are told in declared order, whichever host answers first. */
  const refused: ProblemInput[][] = [];
  const init = await Promise.all(
    plan.init.map(async (step, index) => {
      if (step.kind !== "git" || step.pin !== undefined) return step;
      try {
        const resolution = await engine.resolve(gitRequest(step, context));
        resolutions.set(step.name, resolution);
        return { ...step, pin: pinOf(resolution) };
      } catch (error) {
        if (!(error instanceof BowlineError)) throw error;
        if (handlerOf(step) === undefined || !HANDLERS_OWN.has(error.code))
          refused[index] = error.problems.map((problem) => ({ ...problem, ...placeOf(step) }));
        else context.onEvent({ type: "warning", warning: handlerWarning(step, error) });
        return step;
      }
    }),
  );
  const problems = refused.flat();
  if (problems.length > 0 || context.stop.aborted || context.kill.aborted) {
    for (const { session } of resolutions.values()) session.close();
    if (problems.length > 0) throw new BowlineError(problems);
  }
  return { plan: { ...plan, init }, resolutions };
}

/** What the engine is asked for a step. */
export function gitRequest(step: GitStep, context: PinContext): GitRequest {
  const { connection } = step;
  return {
    url: step.url,
    ...(step.revision === undefined ? {} : { revision: step.revision }),
    ...(connection === undefined ? {} : { connection }),
    ...(step.place === undefined ? {} : { place: step.place }),
    options: step.options,
    findCredential: context.findCredentialFor(connection),
    policy: context.config.policy,
    network: context.config.network,
    cache: join(context.config.home.cache, "git"),
    mark: { BOWLINE_RUN_UUID: context.uuid },
    signal: AbortSignal.any([context.stop, context.kill]),
    onEvent: (event) =>
      context.onEvent({ type: "git", step: step.name, ...(connection === undefined ? {} : { connection }), event }),
  };
}

function pinOf({ commit, ref, redirectedTo }: Resolution): NonNullable<GitStep["pin"]> {
  return {
    commit,
    ...(ref === undefined ? {} : { ref }),
    ...(redirectedTo === undefined ? {} : { redirectedTo }),
    at: new Date().toISOString(),
  };
}

/** A handler may know a way in that we do not: its secret holds whatever it wants. That the revision is not there is an error for it too. */
const HANDLERS_OWN = new Set<ErrorCode>([
  "SECRET_INVALID",
  "GIT_CREDENTIAL_MISSING",
  "GIT_CREDENTIAL_REFUSED",
  "GIT_ACCESS_DENIED",
  "GIT_REPOSITORY_NOT_FOUND",
  "SSH_HOST_KEY_UNKNOWN",
  "SSH_KEY_INVALID",
]);

function handlerWarning(step: GitStep, error: BowlineError) {
  return {
    code: "HANDLER_NOT_PINNED",
    message: `the commit of "${step.name}" is not known before its own container runs: ${error.message}`,
    hint: "give the connection's secret a credential that git can use too, or ignore this",
    ...placeOf(step),
  };
}

function placeOf(step: GitStep) {
  return {
    ...(step.place === undefined ? {} : { place: step.place }),
    ...(step.connection === undefined ? {} : { connection: step.connection }),
  };
}
