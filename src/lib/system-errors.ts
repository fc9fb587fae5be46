import { constants } from "node:os";
import type { ErrorCode } from "./error-codes.ts";
import { BowlineError } from "./errors.ts";

/** SQLite's names for what the system has one for, https://www.sqlite.org/rescode.html; the extended codes have them in their low byte. */
const OF_SQLITE: Readonly<Record<number, string>> = { 7: "ENOMEM", 8: "EROFS", 10: "EIO", 13: "ENOSPC" };

/** The system's name of an error, such as ENOENT, also where SQLite met it; absent for an error of another kind. */
export function errnoOf(error: unknown): string | undefined {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  const met = typeof errcode === "number" ? OF_SQLITE[errcode & 0xff] : undefined;
  if (met !== undefined) return met;
  if (!(error instanceof Error)) return undefined;
  const { code, errno } = error as NodeJS.ErrnoException;
  if (typeof code !== "string") return undefined;
  return code.startsWith("Unknown system error") ? (nameOf(errno) ?? code) : code;
}

/** Where Node has no name, as for a quota that is used up, it says the number. */
function nameOf(errno: number | undefined): string | undefined {
  return Object.entries(constants.errno).find(([, number]) => number === Math.abs(errno ?? 0))?.[0];
}

/** A failure to write as the user is told of it: DISK_FULL, SYSTEM_LIMIT or DISK_NOT_WRITABLE. One that was told already stays as it is. */
export function writeError(path: string, cause: unknown): BowlineError {
  return pathError(`"${path}"`, cause, "written");
}

/**
 * An error of the system that nobody has told in better words; undefined for what is none. Of an open file the system names no path: then it is told
 * only where it can be nothing but the disk's.
 */
export function systemError(cause: unknown, known?: string): BowlineError | undefined {
  if (cause instanceof BowlineError) return cause;
  const { path = known, message } = (cause ?? {}) as NodeJS.ErrnoException;
  const errno = errnoOf(cause);
  if (errno !== undefined && typeof path === "string") return pathError(`"${path}"`, cause, "used");
  return isOfDisk(cause) ? pathError("a file", cause, "used") : limitError(String(message), cause);
}

/** Whether the disk refuses, is full or at fault: what no mistake of ours can be the cause of. */
export function isOfDisk(cause: unknown): boolean {
  return OF_DISK.has(errnoOf(cause) ?? "");
}

/** What was told already, or what no mistake of ours can be the cause of; undefined for any other error. */
export function machineError(what: string, cause: unknown): BowlineError | undefined {
  return cause instanceof BowlineError || isOfDisk(cause) ? systemError(cause) : limitError(what, cause);
}

/** Whether it was told of this machine, its disks or its limits. */
export function isOfMachine(error: unknown): error is BowlineError {
  return error instanceof BowlineError && OF_MACHINE.has(error.code);
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

function pathError(what: string, cause: unknown, use: "written" | "used"): BowlineError {
  if (cause instanceof BowlineError) return cause;
  const errno = errnoOf(cause);
  const full = errno === "ENOSPC" || errno === "EDQUOT";
  const code: ErrorCode = full ? "DISK_FULL" : "DISK_NOT_WRITABLE";
  return (
    limitError(`${what} cannot be ${use}`, cause) ??
    new BowlineError(
      {
        code,
        message: full ? `no space is left to write ${what}` : `${what} cannot be ${use} (${reasonOf(cause)})`,
        hint: HINTS[errno ?? ""] ?? "make its folder writable for this user, or name another one by BOWLINE_HOME",
      },
      { cause },
    )
  );
}

/** A code of Node's own, as ERR_SQLITE_ERROR, tells less than its words. */
function reasonOf(cause: unknown): string {
  const errno = errnoOf(cause);
  if (errno !== undefined && !errno.startsWith("ERR_")) return errno;
  return cause instanceof Error ? cause.message : String(cause);
}

const OF_DISK: ReadonlySet<string> = new Set([
  "EIO",
  "EINTR",
  "ESTALE",
  "ENOSPC",
  "EDQUOT",
  "EROFS",
  "EACCES",
  "EFBIG",
]);

const OF_MACHINE: ReadonlySet<ErrorCode> = new Set(["DISK_FULL", "DISK_NOT_WRITABLE", "SYSTEM_LIMIT"]);

const FREE_SPACE = "free some space, or name another folder by BOWLINE_HOME";
const AT_FAULT = "look after the disk, or the server that the folder is on, then run the command again";

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: FREE_SPACE,
  EDQUOT: FREE_SPACE,
  EINTR: AT_FAULT,
  EIO: AT_FAULT,
  ESTALE: AT_FAULT,
  ENAMETOOLONG: "use a folder with a shorter path",
  EFBIG: "raise the limit for the size of a file: ulimit -f",
};

const LIMITS: Readonly<Record<string, string>> = {
  EMFILE: "this process has too many files open",
  ENFILE: "this machine has too many files open",
  EAGAIN: "no more processes can be started",
  ENOMEM: "no memory is left",
};
