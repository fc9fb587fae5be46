import { setTimeout as sleep } from "node:timers/promises";
import type { Outcome } from "../executor.ts";
import type { Ended } from "./job-process.ts";
import type { ProcessRun } from "./process-run.ts";

/** Wait before the second attempt; it doubles with each, up to the longest, in milliseconds. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 10_000;

/**
 * Runs the main container until it succeeds, its attempts are used up, or the run is ended. A job that fails is tried again, a service
 * that ends is started again, each up to `maxRetries` times and in the same folder: code is not fetched again, files of an attempt stay.
 */
export async function runMain(run: ProcessRun): Promise<Outcome> {
  const { plan, context } = run;
  const attempts = plan.termination.maxRetries + 1;
  for (let attempt = 1; ; attempt++) {
    if (run.ending.aborted) return outcomeOfEnd(run);
    context.onEvent({
      type: "status",
      status: "running",
      ...(attempts > 1 ? { message: `attempt ${attempt} of ${attempts}` } : {}),
    });
    const ended = await run.run({ log: "main", container: plan.main });
    if (run.ending.aborted) return outcomeOfEnd(run, ended);
    if (ended.exitCode === 0 && plan.kind === "job")
      return { exitCode: 0, reason: "Completed", message: "the main container ended with exit code 0" };
    if (attempt === attempts) return failure(run, ended);
    context.say("main", `attempt ${attempt} of ${attempts} ${howItEnded(ended)}; starting the next`);
    context.onEvent({
      type: "status",
      status: "starting",
      reason: plan.kind === "job" ? "Retry" : "Restart",
      message: `attempt ${attempt} ${howItEnded(ended)}`,
    });
    const wait = Math.min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT);
    // Rejects when the run is ended meanwhile, which the loop then sees.
    await sleep(wait, undefined, { signal: run.ending }).catch(() => {});
  }
}

/** How a run ends that is stopped or out of time; `ended` is what its process made of it. */
export function outcomeOfEnd(run: ProcessRun, ended?: Ended): Outcome {
  const exitCode = ended === undefined ? {} : { exitCode: ended.exitCode };
  if (!run.timedOut() || run.context.stop.aborted || run.context.kill.aborted) {
    return { ...exitCode, reason: "Stopped", message: "the run was stopped" };
  }
  return {
    ...exitCode,
    reason: "Timeout",
    message: `the run took longer than its timeout of ${run.plan.termination.timeout} s`,
  };
}

function failure({ plan }: ProcessRun, ended: Ended): Outcome {
  const what = plan.kind === "service" ? "the service" : "the main container";
  const tries = plan.termination.maxRetries > 0 ? ` in the last of ${plan.termination.maxRetries + 1} attempts` : "";
  return {
    exitCode: ended.exitCode,
    reason: ended.signal === undefined ? "ExitCode" : "Signal",
    message: `${what} ${howItEnded(ended)}${tries}`,
  };
}

function howItEnded({ exitCode, signal, refused }: Ended): string {
  if (refused !== undefined) return `could not be started: ${refused}`;
  return signal === undefined ? `ended with exit code ${exitCode}` : `was ended by ${signal}`;
}
