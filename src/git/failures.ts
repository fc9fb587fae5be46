import {
  BowlineError,
  shownUrl,
  systemError,
  type ErrorCode,
  type GitUrl,
  type Problem,
  type ProblemInput,
} from "../lib/index.ts";
import type { GitRequest } from "./request.ts";

/** Faults that may be gone at the next try; a refusal never is. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set(["HOST_NOT_FOUND", "HOST_REFUSED", "HOST_TIMEOUT", "HOST_BUSY"]);

/** Whether trying again can help. */
export function isTransient(error: unknown): error is BowlineError {
  return error instanceof BowlineError && TRANSIENT.has(error.code);
}

/** A busy server, with the milliseconds it asks to wait, where it does. */
export function busyError(problem: ProblemInput, retryAfter: number | undefined): BowlineError {
  return new BowlineError(problem, { cause: { retryAfter } });
}

/** The milliseconds a server asked to wait before the next try. */
export function retryAfterOf(error: BowlineError): number | undefined {
  return (error.cause as { retryAfter?: number } | undefined)?.retryAfter;
}

/** What a signal was aborted for, as an error of ours: a deadline says so itself, all else is the user. */
export function abortError(signal: AbortSignal): BowlineError {
  if (signal.reason instanceof BowlineError) return signal.reason;
  return new BowlineError({ code: "INTERRUPTED", message: "interrupted", hint: "run the command again" });
}

/** Adds what the request knows, the connection and the place, to an error on its way out, which is one of ours if it came from the system. */
export function located(thrown: unknown, request: Pick<GitRequest, "connection" | "place">): unknown {
  const error = systemError(thrown);
  if (error === undefined) return thrown;
  const problems = error.problems.map((problem) => ({ ...contextOf(request), ...problem }));
  return new BowlineError(problems, { cause: error.cause ?? error });
}

/** The same error, its messages begun with these words; what is none of ours as it is. */
export function begunWith(words: string, error: unknown): unknown {
  if (!(error instanceof BowlineError)) return error;
  const problems = error.problems.map((problem) => ({ ...problem, message: words + problem.message }));
  return new BowlineError(problems, { cause: error });
}

/** Tells whoever listens what is worth knowing, with what the request knows; gives it as it was told. */
export function warn(request: Pick<GitRequest, "connection" | "place" | "onEvent">, warning: Problem): Problem {
  const problem = { ...contextOf(request), ...warning };
  request.onEvent?.({ phase: "warning", state: "end", problem });
  return problem;
}

/** What a request knows about itself, for what is told of it. */
function contextOf({
  connection,
  place,
}: Pick<GitRequest, "connection" | "place">): Pick<Problem, "connection" | "place"> {
  return { ...(connection !== undefined && { connection }), ...(place !== undefined && { place }) };
}

/** The url as it is named in messages. Whom one logs in as is no secret, and decides what ssh answers. */
export function named({ text, user }: GitUrl): string {
  const shown = shownUrl(text);
  return user === undefined ? shown : shown.replace("://***@", () => `://${user}@`);
}
