import { ERROR_CODES, type ErrorCode } from "./error-codes.ts";

/** A place in a file; line and column count from 1, in UTF-16 units. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** One thing that is wrong, or (with a code of its own) worth a warning. */
export interface Problem {
  code: string;
  /** What failed, with the noun quoted. */
  message: string;
  /** What to do next. */
  hint: string;
  place?: Place;
  /** The name of the connection concerned. */
  connection?: string;
}

/** A problem as scripts see it (docs/scripting.md). */
export interface ProblemRecord {
  code: string;
  message: string;
  hint: string;
  file?: string;
  line?: number;
  column?: number;
  connection?: string;
}

/** An error that is part of the product: everything that is wrong at once, the first problem deciding the exit code. */
export class BowlineError extends Error {
  override readonly name = "BowlineError";
  readonly problems: readonly [Problem & { code: ErrorCode }, ...(Problem & { code: ErrorCode })[]];

  constructor(problem: ProblemInput | readonly ProblemInput[], options?: { cause?: unknown }) {
    const [first, ...rest] = Array.isArray(problem) ? (problem as ProblemInput[]) : [problem as ProblemInput];
    if (first === undefined) throw new TypeError("an error needs a problem");
    super(first.message, options);
    this.problems = [first, ...rest];
  }

  get code(): ErrorCode {
    return this.problems[0].code;
  }

  get hint(): string {
    return this.problems[0].hint;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exit;
  }
}

/** What an error is made of: a problem whose code is one of the table. */
export type ProblemInput = Problem & { code: ErrorCode };

/** The shape that scripts rely on. */
export function problemRecord(problem: Problem): ProblemRecord {
  const { code, message, hint, place, connection } = problem;
  return { code, message, hint, ...place, ...(connection === undefined ? {} : { connection }) };
}
