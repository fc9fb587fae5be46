import type { Plan } from "../compile/index.ts";
import type { Ended, ExecutionContext, Outcome } from "./executor.ts";

/** Milliseconds between TERM and KILL, if nothing else is said. */
export const GRACE = 10_000;

/** What setTimeout can wait, in milliseconds: almost 25 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The end of a run before its time: stop, kill, or the plan's timeout, which counts from now, or from when a resumed run was scheduled. */
export interface Ending {
  signal: AbortSignal;
  /** Milliseconds between TERM and KILL that were asked for. */
  grace: () => number;
  /** How the run ends then; `ended` is what its main container made of it. */
  outcome: (ended?: Ended) => Outcome;
  /** Stops the clock. */
  close: () => void;
}

export function openEnding(plan: Plan, { stop, kill, resumed }: ExecutionContext): Ending {
  const timeout = new AbortController();
  const seconds = plan.termination.timeout;
  let clock: NodeJS.Timeout | undefined;
  if (seconds !== undefined) {
    const gone = resumed === undefined ? 0 : Math.max(0, Date.now() - Date.parse(resumed.startedAt));
    clock = setTimeout(() => timeout.abort(), Math.min(Math.max(0, seconds * 1000 - gone), LONGEST_TIMER));
  }
  return {
    signal: AbortSignal.any([stop, kill, timeout.signal]),
    grace: () => (typeof stop.reason === "number" ? stop.reason : GRACE),
    outcome(ended) {
      const exitCode = ended === undefined ? {} : { exitCode: ended.exitCode };
      if (!timeout.signal.aborted || stop.aborted || kill.aborted)
        return { ...exitCode, reason: "Stopped", message: "the run was stopped" };
      return { ...exitCode, reason: "Timeout", message: `the run took longer than its timeout of ${seconds} s` };
    },
    close: () => clearTimeout(clock),
  };
}
