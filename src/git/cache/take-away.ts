import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isLeftover, ownMark } from "../../lib/index.ts";

/** Takes a folder of a repository's cache out of the way in one step, and removes it. Never throws. */
export async function takeAway(folder: string): Promise<void> {
  const parent = dirname(folder);
  const repository = basename(parent) === "trees" ? dirname(parent) : parent;
  const aside = join(repository, "making", `${ownMark()}-${randomUUID()}`);
  await mkdir(dirname(aside), { recursive: true, mode: 0o700 }).catch(() => {});
  const moved = await rename(folder, aside).then(
    () => true,
    () => false,
  );
  await removeQuietly(moved ? aside : folder);
}

/** Removes what killed processes left half made; of what only another machine could judge, what is a day old. */
export async function sweepHalfMade(repository: string): Promise<void> {
  for (const parent of ["making", "incoming"].map((name) => join(repository, name))) {
    for (const name of await readdir(parent).catch(() => [])) {
      const folder = join(parent, name);
      if (await isLeftover(folder, name)) await removeQuietly(folder);
    }
  }
}

async function removeQuietly(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
}
