import type { ErrorCode } from "./error-codes.ts";
import { BowlineError } from "./errors.ts";

/** SQLite's names for what the system has one for, https://www.sqlite.org/rescode.html; the extended codes have them in their low byte. */
const OF_SQLITE: Readonly<Record<number, string>> = { 8: "EROFS", 13: "ENOSPC" };

/** The system's name of an error, such as ENOENT, also where SQLite met it; absent for an error of another kind. */
export function errnoOf(error: unknown): string | undefined {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  const met = typeof errcode === "number" ? OF_SQLITE[errcode & 0xff] : undefined;
  if (met !== undefined) return met;
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** A failure to write as the user is told of it: DISK_FULL, SYSTEM_LIMIT or DISK_NOT_WRITABLE. One that was told already stays as it is. */
export function writeError(path: string, cause: unknown): BowlineError {
  return pathError(path, cause, "written");
}

/** An error of the system that nobody has told in better words; undefined for what is none. */
export function systemError(cause: unknown): BowlineError | undefined {
  const { path, message } = (cause ?? {}) as NodeJS.ErrnoException;
  const ofPath = errnoOf(cause) !== undefined && typeof path === "string";
  return ofPath ? pathError(path, cause, "used") : limitError(String(message), cause);
}

/** What the machine has too little of, or allows this user too little of (`ulimit`); undefined for any other error. */
export function limitError(what: string, cause: unknown): BowlineError | undefined {
  const errno = errnoOf(cause) ?? "";
  const lacking = LIMITS[errno];
  if (lacking === undefined) return undefined;
  return new BowlineError(
    {
      code: "SYSTEM_LIMIT",
      message: `${what}: ${lacking} (${errno})`,
      hint: "end what is not needed, or raise the limit (ulimit -a shows this user's, the container's settings its own)",
    },
    { cause },
  );
}

function pathError(path: string, cause: unknown, use: "written" | "used"): BowlineError {
  if (cause instanceof BowlineError) return cause;
  const errno = errnoOf(cause);
  const full = errno === "ENOSPC" || errno === "EDQUOT";
  const code: ErrorCode = full ? "DISK_FULL" : "DISK_NOT_WRITABLE";
  return (
    limitError(`"${path}" cannot be ${use}`, cause) ??
    new BowlineError(
      {
        code,
        message: full
          ? `no space is left to write "${path}"`
          : `"${path}" cannot be ${use} (${errno ?? String(cause)})`,
        hint: HINTS[errno ?? ""] ?? "make its folder writable for this user, or name another one by BOWLINE_HOME",
      },
      { cause },
    )
  );
}

const FREE_SPACE = "free some space, or name another folder by BOWLINE_HOME";

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: FREE_SPACE,
  EDQUOT: FREE_SPACE,
  ENAMETOOLONG: "use a folder with a shorter path",
  EFBIG: "raise the limit for the size of a file: ulimit -f",
};

const LIMITS: Readonly<Record<string, string>> = {
  EMFILE: "this process has too many files open",
  ENFILE: "this machine has too many files open",
  EAGAIN: "no more processes can be started",
  ENOMEM: "no memory is left",
};
