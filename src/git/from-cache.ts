import { dirname } from "node:path";
import { openAccess, type Access } from "./access.ts";
import { planOf, sessionOf, type Made, type Making, type Phases } from "./making.ts";
import { cacheDamaged } from "./cache/cache-warnings.ts";
import { takeAway } from "./cache/take-away.ts";
import { warn } from "./failures.ts";
import type { CacheFolder } from "./objects/cache-folder.ts";
import { openSeen, type Seen } from "./objects/seen.ts";
import { canShareBlocks } from "./trees/kept/reflink.ts";
import { mountTree } from "./trees/kept/mount-tree.ts";
import { resolve } from "./resolve.ts";
import { checkMeasure } from "./trees/budget.ts";
import { finishConfig, pointHead } from "./trees/checkout.ts";
import { filterOf, findKeptTree, manifestOf, useKeptTree, type KeptTree } from "./trees/kept/kept-tree.ts";
import { DamagedTree } from "./trees/kept/unpack-piece.ts";
import { unpackTree } from "./trees/kept/unpack-tree.ts";

/**
 * Fills the workplace from the kept tree in `folder`, when there is one and this credential may see what is in it. A damaged one is set aside with a
 * warning. Undefined where the server is needed. Throws what asking the server throws, GIT_TOO_LARGE, and what writing the target throws.
 */
export async function fromCache(
  making: Making,
  phase: Phases,
  { cache, folder }: { cache: CacheFolder; folder: string },
): Promise<Omit<Made, "timings" | "cache"> | undefined> {
  const { request, workplace } = making;
  const kept = await findKeptTree(folder);
  if (kept === undefined) return undefined;
  const given = await seeAll(kept, making, openSeen(cache));
  if (given === undefined) return undefined;
  const { record } = kept;
  // it may have been kept under another policy
  checkMeasure(record, request);
  const use = await useKeptTree(kept);
  try {
    await phase("copy", async () => {
      if (request.options.mount === true && (await mountTree(kept, making, cache))) return;
      await copyTree(kept, making, cache);
      await workplace.publish();
    });
  } catch (error) {
    if (!(error instanceof DamagedTree)) throw error;
    await workplace.reset();
    // a cache may be deleted at any time: that is no damage
    if ((await findKeptTree(folder)) !== undefined) {
      await takeAway(folder);
      const what = `the kept tree of ${record.commit.slice(0, 8)} in "${dirname(folder)}" was`;
      warn(request, cacheDamaged(what, error, "it is made anew"));
    }
    return undefined;
  } finally {
    await use.end();
  }
  for (const problem of record.warnings) warn(request, problem);
  making.given.push(...given);
  const { details, submodules, redirectedTo } = record;
  return { ...details, submodules, bytes: 0, ...(redirectedTo !== undefined && { redirectedTo }) };
}

async function copyTree(kept: KeptTree, making: Making, cache: CacheFolder): Promise<void> {
  const { workplace, deadline } = making;
  const manifest = await manifestOf(kept);
  const large = manifest.large.length > 0;
  await unpackTree({
    manifest,
    folder: kept.folder,
    tree: workplace.tree,
    reflink: large && (await canShareBlocks(cache.root, workplace.folder)),
    signal: deadline.signal,
  });
  const plan = planOf(making, filterOf(kept, making.request.options));
  await pointHead(plan);
  await finishConfig(plan, kept.record.configTail);
}

/**
 * Everything in the tree, with what it may be asked with now; undefined when some of it, a submodule for example, was not yet given to its credential: then it
 * is asked for as if there were no such tree. The commit itself is asked about here, once for each credential; a branch was just resolved with it.
 */
async function seeAll({ record }: KeptTree, making: Making, seen: Seen): Promise<Making["given"] | undefined> {
  const { request, access } = making;
  const [, ...others] = record.places;
  const given: Making["given"] = [{ access, what: request.resolution.commit }];
  for (const { url, commit } of others) {
    const other = await openAccess(url, request);
    if (!(await seen.has(other, commit))) return undefined;
    given.push({ access: other, what: commit });
  }
  await seeCommit(access, making, seen);
  return given;
}

/** Throws what a fetch would throw, when the server does not let this credential in. */
async function seeCommit(access: Access, { request }: Making, seen: Seen): Promise<void> {
  const { commit, ref } = request.resolution;
  if (await seen.has(access, commit)) return;
  const told = sessionOf(request) !== undefined && ref !== undefined;
  if (!told) {
    const { onEvent: _, ...quiet } = request;
    const { session } = await resolve({ ...quiet, url: access.url.text, revision: commit });
    session.close();
  }
  await seen.keep(access, commit);
}
