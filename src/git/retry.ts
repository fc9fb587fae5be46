import { setTimeout as sleep } from "node:timers/promises";
import { BowlineError, errnoOf, type GitUrl } from "../lib/index.ts";
import type { Deadline } from "./deadline.ts";
import { abortError, busyError, isTransient, retryAfterOf } from "./failures.ts";
import type { GitEvent, GitRequest } from "./request.ts";
import { openHostPause, type HostPause } from "./server/host-pause.ts";

export interface RetryOptions {
  /** Where it goes: what this host asked for holds for all that goes there. */
  url: GitUrl;
  request: Pick<GitRequest, "cache" | "onEvent">;
  deadline: Deadline;
  /** All of them, the first included. */
  tries: number;
}

const FIRST_WAIT = 400;
const REFUSED_GIVES_UP = 3_000;
const LONG_WAIT = 86_400_000;

/**
 * Does it again after a network fault, 429 or 5xx, with growing waits and jitter, inside the deadline. A server's Retry-After is honoured, by every
 * process with the same cache folder. While nothing but a refused connection comes it is tried for 3 s only. Refusals are thrown at once.
 */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { deadline, tries, url, request } = options;
  const pause = openHostPause(request.cache, url);
  let refusedSince: number | undefined;
  for (let done = 1; ; done += 1) {
    if (deadline.signal.aborted) throw abortError(deadline.signal);
    await leaveAlone(pause, options);
    try {
      return await attempt();
    } catch (error) {
      if (!isTransient(error)) throw error;
      const asked = retryAfterOf(error) ?? 0;
      if (asked > 0) await pause.keep(asked);
      if (deadline.signal.aborted || done >= tries) throw error;
      const wait = Math.max(FIRST_WAIT * 2 ** (done - 1) * (0.5 + Math.random()), spread(asked));
      // one that broke has worked, and may have done so for long
      refusedSince = errnoOf(error.cause) === "ECONNREFUSED" ? (refusedSince ?? performance.now()) : undefined;
      const refusedLong = refusedSince !== undefined && performance.now() - refusedSince + wait > REFUSED_GIVES_UP;
      if (refusedLong || wait >= deadline.left()) throw withWaitNamed(error);
      await waitFor(wait, error.message, options);
    }
  }
}

/** Waits as long as the host asked anybody here to. Throws HOST_BUSY, and asks nothing, when that is longer than there is time. */
async function leaveAlone(pause: HostPause, options: RetryOptions): Promise<void> {
  const left = await pause.left();
  if (left === 0) return;
  const { host } = options.url;
  const what = `"${host}" asked to be left alone for ${Math.ceil(left / 1000)} s more`;
  const wait = spread(left);
  if (wait >= options.deadline.left())
    throw withWaitNamed(busyError({ code: "HOST_BUSY", message: what, hint: "try again later" }, left));
  await waitFor(wait, what, options);
}

/** A little more than was asked for, so that not all who wait come back at one moment. */
function spread(asked: number): number {
  return asked === 0 ? 0 : asked + Math.random() * FIRST_WAIT;
}

async function waitFor(wait: number, detail: string, { deadline, request }: RetryOptions): Promise<void> {
  const event: GitEvent = { phase: "retry", state: "wait", detail, ms: Math.round(wait) };
  request.onEvent?.(event);
  await sleep(wait, undefined, { signal: deadline.signal }).catch(() => {
    throw abortError(deadline.signal);
  });
}

function withWaitNamed(error: BowlineError): BowlineError {
  const after = retryAfterOf(error);
  if (after === undefined || after === 0) return error;
  const [problem] = error.problems;
  const time = after > LONG_WAIT ? "longer than a day" : `${Math.ceil(after / 1000)} s`;
  return new BowlineError({ ...problem, hint: `the server asks to wait ${time}: try again then` });
}
