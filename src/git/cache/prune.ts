import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { withFileLock, writeAnew } from "../../lib/index.ts";
import { REPOSITORIES } from "../objects/cache-folder.ts";
import { sweepHalfMade, takeAway } from "./take-away.ts";
import { listCache, type CacheEntry } from "./entries.ts";
import { listMounts } from "./mounts.ts";
import { isInUse } from "./use-mark.ts";

export interface PruneOptions {
  /** Everything that no process uses. */
  all?: boolean;
  /** Milliseconds since the last use. */
  olderThan?: number;
  /** Bytes that may stay; what was used longest ago goes first. */
  maxBytes?: number;
}

export interface Pruned {
  removed: CacheEntry[];
  /** What would have gone, but is in use. */
  inUse: CacheEntry[];
  /** Bytes. */
  freed: number;
  left: number;
}

/** Removes what the options say, and what killed processes left half made; never what a process uses. Safe at any time. */
export async function pruneCache(root: string, options: PruneOptions): Promise<Pruned> {
  const repositories = (await readdir(join(root, REPOSITORIES)).catch(() => [])).map((name) =>
    join(root, REPOSITORIES, name),
  );
  for (const repository of repositories) await sweepHalfMade(repository);
  const before = sumOf(await listCache(root));
  const pruned: Pruned = { removed: [], inUse: [], freed: 0, left: before };
  // what goes leaves its part of what it shared to others: so it is looked at again until nothing is to go
  while ((await prunePass(root, options, pruned)) > 0) pruned.left = sumOf(await listCache(root));
  for (const repository of repositories) await removeIfEmpty(repository);
  return { ...pruned, freed: before - pruned.left };
}

/** Gives how many were removed. */
async function prunePass(root: string, options: PruneOptions, pruned: Pruned): Promise<number> {
  const { all = false, olderThan, maxBytes } = options;
  const now = Date.now();
  const mounted = new Set((await listMounts(root)).map(({ kept }) => kept));
  const tried = new Set(pruned.removed.map(({ path }) => path));
  let [gone, left] = [0, pruned.left];
  pruned.inUse = [];
  for (const entry of (await listCache(root)).toReversed()) {
    const old = olderThan !== undefined && now - Date.parse(entry.usedAt) > olderThan;
    const over = maxBytes !== undefined && left > maxBytes;
    if (tried.has(entry.path) || (!all && !old && !over)) continue;
    // looked at again: it may be in use by now
    if (mounted.has(entry.path) || (await isInUse(entry.path))) {
      pruned.inUse.push(entry);
      continue;
    }
    await takeAway(entry.path);
    pruned.removed.push(entry);
    gone += 1;
    left -= entry.bytes;
  }
  return gone;
}

function sumOf(entries: readonly CacheEntry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}

const SECOND = 1000;
/** A size bound is looked after no more often than this. */
const INTERVAL = 60 * SECOND;

/** Keeps the cache within its size, now and then; by one process at a time. Never throws: it is nobody's own work. */
export async function keepWithin(root: string, maxBytes: number): Promise<void> {
  const mark = join(root, "looked-after");
  try {
    const last = (await stat(mark).catch(() => undefined))?.mtimeMs ?? 0;
    if (Math.abs(Date.now() - last) < INTERVAL) return;
    await withFileLock(
      join(root, "looked-after.lock"),
      async () => {
        await writeAnew(mark, "", 0o600);
        await pruneCache(root, { maxBytes });
      },
      { patience: 0 },
    );
  } catch {
    // another process does it, or the next one will
  }
}

/** A repository's folder in which nothing is kept any more. Its locks are only removed with it. */
async function removeIfEmpty(repository: string): Promise<void> {
  const names = new Set(await readdir(repository).catch(() => []));
  if ([...names].some((name) => name.endsWith(".git"))) return;
  for (const folder of ["trees", "making", "incoming"]) {
    if (names.has(folder)) await rmdir(join(repository, folder)).catch(() => {});
  }
  const left = await readdir(repository).catch(() => []);
  if (left.some((name) => ["trees", "making", "incoming"].includes(name))) return;
  await rm(repository, { recursive: true, force: true }).catch(() => {});
  await rmdir(dirname(repository)).catch(() => {});
}
