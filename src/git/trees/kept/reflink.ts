import { constants } from "node:fs";
import { copyFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { readRecord, writePrivateFile } from "../../../lib/index.ts";

/**
 * Whether a file copied from the one folder to the other can share its blocks (btrfs, XFS and the like), so that a copy of any size costs nothing.
 * Tried once for each pair of file systems, and remembered in the cache.
 */
export async function canShareBlocks(cache: string, target: string): Promise<boolean> {
  const pair = [await stat(cache), await stat(target)].map(({ dev }) => dev).join("-");
  const path = join(cache, "reflink.json");
  const known = await readRecord(path);
  const answer = known?.[pair];
  if (typeof answer === "boolean") return answer;
  const tried = await tryOnce(cache, target);
  await writePrivateFile(path, JSON.stringify({ ...known, [pair]: tried })).catch(() => undefined);
  return tried;
}

async function tryOnce(cache: string, target: string): Promise<boolean> {
  const from = join(cache, `reflink-${randomUUID()}`);
  const to = join(target, `reflink-${randomUUID()}`);
  try {
    await writeFile(from, Buffer.alloc(8192, 1), { mode: 0o600 });
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  } finally {
    await rm(from, { force: true }).catch(() => {});
    await rm(to, { force: true }).catch(() => {});
  }
}
