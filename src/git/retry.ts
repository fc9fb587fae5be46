import { setTimeout as sleep } from "node:timers/promises";
import { BowlineError } from "../lib/index.ts";
import type { Deadline } from "./deadline.ts";
import { abortError, isTransient, retryAfterOf } from "./failures.ts";
import type { GitEvent } from "./request.ts";

export interface RetryOptions {
  deadline: Deadline;
  /** All of them, the first included. */
  tries: number;
  onEvent?: ((event: GitEvent) => void) | undefined;
}

const FIRST_WAIT = 400;
const REFUSED_GIVES_UP = 3_000;

/**
 * Does it again after a network fault, 429 or 5xx, with growing waits, jitter and the server's Retry-After, inside the deadline.
 * A connection that is refused is tried for 3 s only. Refusals are thrown at once.
 */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { deadline, tries, onEvent } = options;
  const started = performance.now();
  for (let done = 1; ; done += 1) {
    if (deadline.signal.aborted) throw abortError(deadline.signal);
    try {
      return await attempt();
    } catch (error) {
      if (!isTransient(error) || deadline.signal.aborted || done >= tries) throw error;
      const backoff = FIRST_WAIT * 2 ** (done - 1) * (0.5 + Math.random());
      const wait = Math.max(backoff, retryAfterOf(error) ?? 0);
      const refusedLong = error.code === "HOST_REFUSED" && performance.now() - started + wait > REFUSED_GIVES_UP;
      if (refusedLong || wait >= deadline.left()) throw withWaitNamed(error);
      onEvent?.({ phase: "retry", state: "wait", detail: error.message, ms: Math.round(wait) });
      await sleep(wait, undefined, { signal: deadline.signal }).catch(() => {
        throw abortError(deadline.signal);
      });
    }
  }
}

function withWaitNamed(error: BowlineError): BowlineError {
  const after = retryAfterOf(error);
  if (after === undefined) return error;
  const [problem] = error.problems;
  return new BowlineError({ ...problem, hint: `the server asks to wait ${Math.ceil(after / 1000)} s: try again then` });
}
