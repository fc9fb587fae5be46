import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isMarkAlive, ownMark } from "../../lib/index.ts";

const USERS = "users";

/** Marks a folder of the cache as in use by this process, as far as it can be written; `end` takes the mark away. */
export async function markUse(folder: string): Promise<{ end: () => Promise<void> }> {
  const mark = join(folder, USERS, `${ownMark()}-${randomUUID().slice(0, 8)}`);
  try {
    // not recursive: a folder that is gone must not come back
    await mkdir(join(folder, USERS), { mode: 0o700 }).catch(() => {});
    await writeFile(mark, "", { mode: 0o600, flag: "wx" });
  } catch {
    return { end: async () => {} };
  }
  return { end: () => rm(mark, { force: true }).catch(() => {}) };
}

/** Whether a living process uses it, or one that only another machine can judge. */
export async function isInUse(folder: string): Promise<boolean> {
  const marks = await readdir(join(folder, USERS)).catch(() => []);
  return marks.some((mark) => isMarkAlive(mark) !== false);
}
