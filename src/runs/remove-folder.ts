import { chmod, lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { unmountBelow } from "../git/index.ts";
import { BowlineError, removeAll, writeError } from "../lib/index.ts";

/** Removes a run's folder with everything a job left in it, also folders that it made read-only, as Go's module cache is; what is mounted in it is unmounted first. */
export async function removeFolder(path: string): Promise<void> {
  await unmountBelow(path);
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    await unlock(path);
    await removeAll(path).catch(async (error: unknown) => {
      throw (await ofOthers(path)) ?? writeError(path, error);
    });
  }
}

/** What containers that ran as somebody else wrote, and this user may not remove. */
async function ofOthers(path: string): Promise<BowlineError | undefined> {
  const own = process.getuid?.();
  const other = await firstOfOthers(path, own);
  if (own === undefined || other === undefined) return undefined;
  return new BowlineError({
    code: "DISK_NOT_WRITABLE",
    message: `"${other.path}" belongs to the user ${other.uid}, as whom a container of the run wrote it, and this user may not remove it`,
    hint: `remove it as that user, then run the command again: sudo rm -rf "${path}"; a container runs as you with securityContext: {runAsUser: ${own}}`,
  });
}

async function firstOfOthers(
  folder: string,
  own: number | undefined,
): Promise<{ path: string; uid: number } | undefined> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const { uid } = await lstat(path);
    if (uid !== own) return { path, uid };
    const below = entry.isDirectory() ? await firstOfOthers(path, own) : undefined;
    if (below !== undefined) return below;
  }
  return undefined;
}

/** Gives the owner every right to the folders below; links are not followed. */
async function unlock(folder: string): Promise<void> {
  await chmod(folder, 0o700).catch(() => {});
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await unlock(join(folder, entry.name));
}
