import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { dirname } from "node:path";
import { BowlineError } from "./errors.ts";
import { makePrivateFolder } from "./files.ts";
import { openSqlite, type SqliteDatabase } from "./sqlite.ts";
import { writeError } from "./system-errors.ts";

export interface FileLockOptions {
  /** Milliseconds to wait for another holder; 10 s when absent. */
  patience?: number;
  /** Aborted: the waiting ends, by throwing the signal's reason. */
  signal?: AbortSignal;
  /** Called once, when there is another holder to wait for. */
  onBusy?: () => void;
}

/**
 * Does `act` while no other process, and no other call in this one, holds the lock of this name. The lock is SQLite's on
 * an empty database: the system itself lets go of it when its holder dies. DISK_NOT_WRITABLE after `patience` milliseconds.
 */
export async function withFileLock<T>(path: string, act: () => Promise<T>, options: FileLockOptions = {}): Promise<T> {
  await makePrivateFolder(dirname(path));
  const database = await openSqlite(path, { timeout: 0 }).catch((cause: unknown) => {
    throw writeError(path, cause);
  });
  try {
    const deadline = performance.now() + (options.patience ?? 10_000);
    let told = false;
    for (;;) {
      const refusal = tryToLock(() => database.exec("BEGIN EXCLUSIVE"));
      if (refusal === undefined) return await act();
      if (refusal !== "busy") throw writeError(path, refusal);
      if (!told && !(await areThereLocks(path))) throw noLocksError(path);
      if (!told) options.onBusy?.();
      told = true;
      options.signal?.throwIfAborted();
      if (performance.now() > deadline) throw heldError(path);
      await sleep(10 + Math.random() * 20);
    }
  } finally {
    database.close();
  }
}

function tryToLock(lock: () => void): "busy" | Error | undefined {
  try {
    lock();
    return undefined;
  } catch (error) {
    // SQLITE_BUSY; its low byte is the primary code.
    if (((error as { errcode?: number }).errcode ?? 0) % 256 === 5) return "busy";
    return error as Error;
  }
}

/** SQLite says the same of a lock that another has and of a file system that gives none: a file that nobody else knows tells them apart. */
async function areThereLocks(path: string): Promise<boolean> {
  const probe = `${path}.${randomUUID()}.tmp`;
  let database: SqliteDatabase | undefined;
  try {
    database = await openSqlite(probe, { timeout: 0 });
    return tryToLock(() => database?.exec("BEGIN EXCLUSIVE")) !== "busy";
  } catch {
    // what else is wrong is told of the lock itself
    return true;
  } finally {
    database?.close();
    await rm(probe, { force: true });
  }
}

function noLocksError(path: string): BowlineError {
  return new BowlineError({
    code: "DISK_NOT_WRITABLE",
    message: `"${path}" cannot be locked: its file system gives no locks`,
    hint: "use a folder on a disk of this machine, named by BOWLINE_HOME, or have locks enabled on the server of this one",
  });
}

function heldError(path: string): BowlineError {
  return new BowlineError({
    code: "DISK_NOT_WRITABLE",
    message: `another process has been holding the lock "${path}" for too long`,
    hint: "end the other bowline command that is still at work, then try again",
  });
}
