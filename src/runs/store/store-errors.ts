import { BowlineError, errnoOf, isOfDisk, type ErrorCode } from "../../lib/index.ts";

/** SQLite's primary result codes, https://www.sqlite.org/rescode.html; the extended ones have them in their low byte. */
const BUSY = new Set([5, 6]);
const NOT_WRITABLE = new Set([3, 8, 14]);
/** The system's names for a folder that cannot be written, or that is none. */
const NO_FOLDER = /^(EROFS|EACCES|EPERM|ENOTDIR|EEXIST)$/;
const IO_ERROR = 10;
const FULL = 13;
const DAMAGED = new Set([11, 26]);

/** What went wrong with the store or a run's folder, in words; a BowlineError stays as it is. */
export function storeError(error: unknown, path: string): BowlineError {
  if (error instanceof BowlineError) return error;
  const code = diskCode(error) ?? "INTERNAL";
  const text = error instanceof Error ? error.message : String(error);
  return new BowlineError(
    { code, message: `the run store "${path}" fails: ${text}`, hint: HINTS[code] ?? HINTS.INTERNAL },
    { cause: error },
  );
}

/** The code of an error of the disk, whether SQLite or the system tells it; undefined for any other error. */
export function diskCode(error: unknown): ErrorCode | undefined {
  const { errcode } = error as { errcode?: unknown };
  const errno = errnoOf(error);
  if (errno === "ENOSPC" || errno === "EDQUOT") return "DISK_FULL";
  if (isOfDisk(error) || (errno !== undefined && NO_FOLDER.test(errno))) return "DISK_NOT_WRITABLE";
  const primary = typeof errcode === "number" ? errcode & 0xff : OF_WORDS[error instanceof Error ? error.message : ""];
  if (primary === undefined) return undefined;
  if (primary === FULL) return "DISK_FULL";
  if (primary === IO_ERROR || NOT_WRITABLE.has(primary)) return "DISK_NOT_WRITABLE";
  if (BUSY.has(primary)) return "RUN_STORE_BUSY";
  return DAMAGED.has(primary) ? "RUN_STORE_DAMAGED" : undefined;
}

/** Its fixed words (sqlite3_errstr), where the error comes without its number. */
const OF_WORDS: Readonly<Record<string, number>> = {
  "database is locked": 5,
  "attempt to write a readonly database": 8,
  "disk I/O error": IO_ERROR,
  "database disk image is malformed": 11,
  "database or disk is full": FULL,
  "unable to open database file": 14,
};

const HINTS: Partial<Record<ErrorCode, string>> & { INTERNAL: string } = {
  DISK_FULL: "free some space there, for example with: bowline delete UUID",
  DISK_NOT_WRITABLE: "make the folder writable, or name another: BOWLINE_HOME=DIR bowline ...",
  RUN_STORE_BUSY: "try again; if it stays so, look for a process that holds the file: fuser FILE",
  RUN_STORE_DAMAGED: "move the file away; Bowline begins a new one, and the folders of the runs stay",
  INTERNAL: "please report this with the text above",
};
