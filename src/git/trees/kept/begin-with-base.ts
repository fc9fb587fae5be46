import type { Making } from "../../making.ts";
import { takeAway } from "../../cache/take-away.ts";
import type { CacheFolder } from "../../objects/cache-folder.ts";
import { indexOf } from "../index-file.ts";
import { findBase } from "./find-base.ts";
import { manifestOf, useKeptTree } from "./kept-tree.ts";
import { canShareBlocks } from "./reflink.ts";
import type { Base } from "./reuse.ts";
import { DamagedTree } from "./unpack-piece.ts";
import { unpackTree } from "./unpack-tree.ts";

/**
 * Writes a kept tree, mostly of another commit, into the empty workplace, so that git has only the difference to write; without its objects. Undefined where
 * there is none to begin with. Meant to be done while the commit is fetched.
 */
export async function beginWithBase(making: Making, cache: CacheFolder): Promise<Base | undefined> {
  const { request, workplace, deadline } = making;
  const kept = await findBase(cache.repository, { ...request, commit: request.resolution.commit });
  if (kept === undefined) return undefined;
  const use = await useKeptTree(kept);
  try {
    const manifest = await manifestOf(kept);
    const { tree } = workplace;
    const reflink = manifest.large.length > 0 && (await canShareBlocks(cache.root, workplace.folder));
    const leaveOut = (path: string): boolean => path.startsWith(".git/") && path !== ".git/index";
    await unpackTree({ manifest, folder: kept.folder, tree, reflink, leaveOut, signal: deadline.signal });
    const index = await indexOf(tree, kept.record.commit);
    if (index !== undefined) return { manifest, folder: kept.folder, index };
  } catch (error) {
    if (!(error instanceof DamagedTree)) throw error;
    await takeAway(kept.folder);
  } finally {
    await use.end();
  }
  await workplace.reset();
  return undefined;
}
