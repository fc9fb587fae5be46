import { BowlineError } from "../lib/index.ts";

/** A signal that is aborted when the time is over, or with the caller's own. */
export interface Deadline {
  signal: AbortSignal;
  /** Milliseconds left, 0 or more. */
  left: () => number;
  clear: () => void;
}

/** Starts a deadline; `what` ends the sentence "… took longer than 10 s". */
export function startDeadline(
  milliseconds: number,
  options: { what: string; hint: string; signal?: AbortSignal | undefined },
): Deadline {
  const controller = new AbortController();
  const end = performance.now() + milliseconds;
  const timer = setTimeout(() => {
    controller.abort(
      new BowlineError({
        code: "HOST_TIMEOUT",
        message: `${options.what} took longer than ${milliseconds / 1000} s`,
        hint: options.hint,
      }),
    );
  }, milliseconds);
  const signal = options.signal ? AbortSignal.any([options.signal, controller.signal]) : controller.signal;
  return { signal, left: () => Math.max(0, end - performance.now()), clear: () => clearTimeout(timer) };
}
