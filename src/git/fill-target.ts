import { stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { CodeReference } from "./code-reference.ts";
import { fromCache } from "./from-cache.ts";
import { fromServer, type FromServer } from "./from-server.ts";
import { codeReference, openPhases, type Made, type Making, type Phases } from "./making.ts";
import { cacheNotUsed } from "./cache/cache-warnings.ts";
import { keepWithin } from "./cache/prune.ts";
import { warn } from "./failures.ts";
import { bareRepository } from "./objects/bare-repository.ts";
import { repackIfNeeded } from "./objects/repack.ts";
import { openCacheFolder, type CacheFolder } from "./objects/cache-folder.ts";
import { CacheUnusable, oneAtATime } from "./objects/one-at-a-time.ts";
import { findKeptTree } from "./trees/kept/kept-tree.ts";
import { keepTree, type KeepOptions } from "./trees/kept/keep-tree.ts";
import { mountTree, warnNotMounted } from "./trees/kept/mount-tree.ts";
import { isKeepable, treeKey } from "./trees/kept/tree-key.ts";
import { BowlineError, systemError } from "../lib/index.ts";

/** Makes the target, from what is kept where that can be, and keeps what it had to make. A cache that fails costs time only. */
export async function fillTarget(making: Making): Promise<CodeReference> {
  const { request } = making;
  const phase = openPhases(request);
  const cache = await openCache(making);
  const made =
    cache !== undefined && isKeepable(request.options)
      ? await withCache(making, phase, cache)
      : await withoutCache(making, phase, cache);
  return codeReference(request, { ...made, timings: phase.timings });
}

type Answer = Omit<Made, "timings">;

async function openCache({ request, access }: Making): Promise<CacheFolder | undefined> {
  try {
    return await openCacheFolder(request, access);
  } catch (error) {
    if (!(error instanceof BowlineError)) throw error;
    warn(request, cacheNotUsed(error));
    return undefined;
  }
}

/** Nothing that is checked out is kept. With a cache the history may come from there. */
async function withoutCache(making: Making, phase: Phases, cache?: CacheFolder): Promise<Answer> {
  if (making.request.options.mount === true) warnNotMounted(making, "no tree of this commit is kept");
  async function use(made: FromServer): Promise<Answer> {
    await phase("copy", () => making.workplace.publish());
    return made;
  }
  try {
    return await fromServer(making, phase, { cache, use });
  } catch (error) {
    if (cache === undefined) throw error;
    return doWithout({ making, phase, cache, error });
  }
}

interface Failed {
  making: Making;
  phase: Phases;
  cache: CacheFolder;
  error: unknown;
}

/**
 * Once more, where the failure may be the cache's; else throws it. A disk that is full may be the target's as well, or the same one: then that is told
 * without the cache.
 */
async function doWithout({ making, phase, cache, error: thrown }: Failed): Promise<Answer> {
  const error = systemError(thrown) ?? thrown;
  const cause = error instanceof CacheUnusable ? (error.cause as Error) : error;
  if (cause === error && (!isOfDisk(error) || (error.code === "DISK_FULL" && (await isTargetFull(making, cache))))) {
    throw error;
  }
  warn(making.request, cacheNotUsed(cause as Error));
  await making.workplace.reset();
  making.given.length = 0;
  return withoutCache(making, phase);
}

async function withCache(making: Making, phase: Phases, cache: CacheFolder): Promise<Answer> {
  const { request } = making;
  const key = treeKey(request.resolution, request.options);
  const kept = { cache, folder: join(cache.repository, "trees", key) };
  const hit = await fromCache(making, phase, kept);
  if (hit !== undefined) return { ...hit, cache: "hit" };
  const turn = { making, cache, name: key, what: `commit ${request.resolution.commit}` };
  try {
    const made = await oneAtATime(turn, async (waited): Promise<Answer | undefined> => {
      // who waited copies when the next one has its turn
      if (waited && (await findKeptTree(kept.folder)) !== undefined) return undefined;
      return fromServer(making, phase, {
        cache,
        use: (answer) => keepAndPublish(making, phase, { made: answer, ...kept }),
      });
    });
    if (made !== undefined) return made;
    const found = await fromCache(making, phase, kept);
    return found === undefined ? await withoutCache(making, phase) : { ...found, cache: "wait" };
  } catch (error) {
    return doWithout({ making, phase, cache, error });
  }
}

/** Whether it is the target's disk that is full, and not the cache's: what came is then not asked for once more. */
async function isTargetFull({ workplace }: Making, { root }: CacheFolder): Promise<boolean> {
  try {
    const [target, cache] = await Promise.all([statfs(workplace.folder), statfs(root)]);
    const sameDisk = (await stat(workplace.folder)).dev === (await stat(root)).dev;
    return !sameDisk && target.bavail * target.bsize < cache.bavail * cache.bsize;
  } catch {
    return false;
  }
}

async function keepAndPublish(making: Making, phase: Phases, options: Omit<KeepOptions, "making">): Promise<Answer> {
  await phase("copy", async () => {
    await keepTree({ making, ...options });
    const kept = making.request.options.mount === true ? await findKeptTree(options.folder) : undefined;
    if (kept === undefined || !(await mountTree(kept, making, options.cache))) await making.workplace.publish();
  });
  await repackIfNeeded(bareRepository(options.cache), options.made.git);
  await keepWithin(options.cache.root, making.request.policy.cache.maxBytes);
  return options.made;
}

function isOfDisk(error: unknown): error is BowlineError {
  return error instanceof BowlineError && error.code.startsWith("DISK_");
}
