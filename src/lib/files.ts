import { randomUUID } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { access, link, lstat, mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errnoOf, systemError, writeError } from "./system-errors.ts";

/** Makes a folder, and those above it, that only its owner may look into; one that exists is left as it is. */
export async function makePrivateFolder(path: string): Promise<void> {
  await makeFolder(path, 0o700);
}

/**
 * Makes a folder, and those above it; one that exists is left as it is. DISK_FULL or DISK_NOT_WRITABLE. Not by Node's `recursive`, which tries for ever where a
 * system says of a folder that is there that it is not (`/proc`, automounts), and says that itself of a full disk.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  try {
    if (await madeIn(path, mode)) return;
    // else somebody has made it by now
    if (!existsSync(dirname(path))) await makeFolder(dirname(path), mode);
    await mkdir(path, { mode }).catch((error: unknown) => unlessFolder(path, error));
  } catch (cause) {
    throw writeError(path, cause);
  }
}

/** False where the folder above is missing, as the system says. */
async function madeIn(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    await unlessFolder(path, error);
  }
  return true;
}

async function unlessFolder(path: string, error: unknown): Promise<void> {
  if (errnoOf(error) !== "EEXIST" || !(await stat(path)).isDirectory()) throw error;
}

/**
 * Writes a file that only its owner may read: under its name is the old content or the new one, never a part of it, also
 * after a crash. The folder is made if need be. DISK_FULL or DISK_NOT_WRITABLE.
 */
export async function writePrivateFile(path: string, content: string | Uint8Array): Promise<void> {
  await withFinishedFile(path, content, (temporary) => rename(temporary, path));
}

/**
 * Like writePrivateFile, but only where there is no such file: of several processes at once exactly one makes it. Returns
 * whether this one did.
 */
export async function createPrivateFile(path: string, content: string | Uint8Array): Promise<boolean> {
  let made = true;
  await withFinishedFile(path, content, async (temporary) => {
    // link, unlike rename, refuses a name that is taken.
    await link(temporary, path).catch((error: unknown) => {
      if (errnoOf(error) !== "EEXIST") throw error;
      made = false;
    });
    await rm(temporary, { force: true });
  });
  return made;
}

/** Writes a file in a folder that is there. DISK_FULL or DISK_NOT_WRITABLE. */
export async function writeContent(path: string, content: string | Buffer): Promise<void> {
  await writeFile(path, content).catch((cause: unknown) => {
    throw writeError(path, cause);
  });
}

/** Writes a file that is new under its name: never through a link that somebody put in its place, nor into a pipe. Throws as the system does. */
export async function writeAnew(path: string, content: string, mode = 0o666): Promise<void> {
  await rm(path, { force: true });
  await writeFile(path, content, { mode, flag: "wx" });
}

/** The content of a plain file; undefined for a folder, or for a pipe or device, which nobody waits for. Throws where it cannot be read, or is not there. */
export async function readPlainFile(path: string): Promise<Buffer | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return (await file.stat()).isFile() ? await file.readFile() : undefined;
  } finally {
    await file.close();
  }
}

/** The text of a file; undefined where there is none. What cannot be read is never taken for what is not there: throws as systemError tells it. */
export async function readIfThere(path: string): Promise<string | undefined> {
  const content = await readPlainFile(path).catch((error: unknown) => unlessAbsent(error, path));
  return content?.toString("utf8");
}

/** The JSON object in a file of our own; undefined for anything else, and where there is none. */
export async function readRecord(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const content = await readPlainFile(path);
    const record: unknown = content && JSON.parse(content.toString("utf8"));
    return typeof record === "object" && record !== null ? (record as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The text of a plain file of at most so many bytes; undefined for anything else, a symbolic link above all. Throws where it cannot be read. */
export async function readSmallFile(path: string, largest: number): Promise<string | undefined> {
  const found = await lstat(path).catch((error: unknown) => {
    // a name of bytes that are no text is another one here; a link in place of a folder is not followed by git either
    if (!/^(ENOENT|ENOTDIR|ENAMETOOLONG)$/.test(errnoOf(error) ?? "")) throw error;
  });
  if (found === undefined || !found.isFile() || found.size > largest) return undefined;
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

/** Whether there is anything under this name that can be reached. */
export async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The names in a folder; none where there is no such folder. */
export async function listIfThere(path: string): Promise<string[]> {
  return (await readdir(path).catch((error: unknown) => unlessAbsent(error, path))) ?? [];
}

function unlessAbsent(error: unknown, path: string): undefined {
  if (errnoOf(error) !== "ENOENT") throw systemError(error, path) ?? error;
}

async function withFinishedFile(
  path: string,
  content: string | Uint8Array,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  await makePrivateFolder(dirname(path));
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await publish(temporary);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw writeError(path, cause);
  }
  await syncFolder(dirname(path));
}

// Makes the new name itself survive a crash; not every file system lets a folder be synced.
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
