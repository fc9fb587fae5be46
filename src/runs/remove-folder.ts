import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { unmountBelow } from "../git/index.ts";
import { writeError } from "../lib/index.ts";

/** Removes a run's folder with everything a job left in it, also folders that it made read-only, as Go's module cache is; what is mounted in it is unmounted first. */
export async function removeFolder(path: string): Promise<void> {
  await unmountBelow(path);
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    await unlock(path);
    await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
      throw writeError(path, error);
    });
  }
}

/** Gives the owner every right to the folders below; links are not followed. */
async function unlock(folder: string): Promise<void> {
  await chmod(folder, 0o700).catch(() => {});
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await unlock(join(folder, entry.name));
}
