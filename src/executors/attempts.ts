import { setTimeout as sleep } from "node:timers/promises";
import type { Plan } from "../compile/index.ts";
import type { Ending } from "./ending.ts";
import type { Ended, ExecutionContext, Outcome } from "./executor.ts";

export interface Attempts {
  plan: Plan;
  context: ExecutionContext;
  ending: Ending;
  /** Name of the container's log. */
  log: string;
  /** The number of the attempt to begin with; 1 but for a run that is resumed. */
  first?: number;
  run: (attempt: number) => Promise<Ended>;
}

/** Wait before the second attempt; it doubles with each, up to the longest, in milliseconds. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 10_000;

/**
 * Runs the main container until it succeeds, its attempts are used up, or the run is ended. A job that fails is tried again, a service
 * that ends is started again, each up to `maxRetries` times and in the same folder: code is not fetched again, files of an attempt stay.
 */
export async function runAttempts({ plan, context, ending, log, first = 1, run }: Attempts): Promise<Outcome> {
  const attempts = plan.termination.maxRetries + 1;
  for (let attempt = first; ; attempt++) {
    if (ending.signal.aborted) return ending.outcome();
    context.onEvent({
      type: "status",
      status: "running",
      ...(attempts > 1 ? { message: `attempt ${attempt} of ${attempts}` } : {}),
    });
    const ended = await run(attempt);
    if (ending.signal.aborted) return ending.outcome(ended);
    if (ended.exitCode === 0 && plan.kind === "job")
      return { exitCode: 0, reason: "Completed", message: "the main container ended with exit code 0" };
    if (attempt >= attempts) return failure(plan, ended);
    context.say(log, `attempt ${attempt} of ${attempts} ${howItEnded(ended)}; starting the next`);
    context.onEvent({
      type: "status",
      status: "starting",
      reason: plan.kind === "job" ? "Retry" : "Restart",
      message: `attempt ${attempt} ${howItEnded(ended)}`,
    });
    const wait = Math.min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT);
    // Rejects when the run is ended meanwhile, which the loop then sees.
    await sleep(wait, undefined, { signal: ending.signal }).catch(() => {});
  }
}

function failure(plan: Plan, ended: Ended): Outcome {
  const what = plan.kind === "service" ? "the service" : "the main container";
  const tries = plan.termination.maxRetries > 0 ? ` in the last of ${plan.termination.maxRetries + 1} attempts` : "";
  return {
    exitCode: ended.exitCode,
    reason: ended.outOfMemory ? "OOMKilled" : ended.signal === undefined ? "ExitCode" : "Signal",
    message: `${what} ${howItEnded(ended)}${tries}`,
  };
}

function howItEnded({ exitCode, signal, refused, outOfMemory }: Ended): string {
  if (refused !== undefined) return `could not be started: ${refused}`;
  if (outOfMemory) return "was ended because it used more memory than its limit";
  return signal === undefined ? `ended with exit code ${exitCode}` : `was ended by ${signal}`;
}
