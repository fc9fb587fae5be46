import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isMarkAlive, ownMark } from "../../lib/index.ts";

const DAY = 86_400_000;

/** Takes a folder of a repository's cache out of the way in one step, and removes it. Never throws. */
export async function takeAway(folder: string): Promise<void> {
  const repository = folder.includes("/trees/") ? dirname(dirname(folder)) : dirname(folder);
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
      const alive = isMarkAlive(name) ?? Date.now() - (await ageOf(folder)) < DAY;
      if (!alive) await removeQuietly(folder);
    }
  }
}

async function ageOf(folder: string): Promise<number> {
  return (await stat(folder).catch(() => undefined))?.mtimeMs ?? Date.now();
}

async function removeQuietly(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
}
