import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DEFAULT_POLICY, type Network } from "../../config/index.ts";
import { BowlineError, isThere, readIfThere, type ErrorCode } from "../../lib/index.ts";
import { withGit } from "../process/with-git.ts";
import { checkTree } from "../trees/kept/check-tree.ts";
import { findKeptTree, KEPT_RECORD } from "../trees/kept/kept-tree.ts";
import { DamagedTree } from "../trees/kept/unpack-piece.ts";
import { listCache, type CacheEntry } from "./entries.ts";
import { takeAway } from "./take-away.ts";

/** A thing that was kept, and what was wrong with it. */
export interface DamagedEntry extends CacheEntry {
  problem: string;
}

/**
 * Reads everything that is kept, trees by their sums and objects by git's own check; what is damaged is taken away. That a check cannot be made is an
 * error, and takes nothing away.
 */
export async function verifyCache(
  root: string,
  { network, signal }: { network: Network; signal: AbortSignal },
): Promise<{ checked: number; damaged: DamagedEntry[] }> {
  const entries = await listCache(root);
  const damaged: DamagedEntry[] = [];
  for (const entry of entries) {
    const problem = entry.kind === "tree" ? await checkKeptTree(entry) : await checkObjects(entry, { network, signal });
    if (problem === undefined) continue;
    await takeAway(entry.path);
    damaged.push({ ...entry, problem });
  }
  return { checked: entries.length, damaged };
}

async function checkKeptTree({ path }: CacheEntry): Promise<string | undefined> {
  const kept = await findKeptTree(path);
  if (kept === undefined) {
    await readIfThere(join(path, KEPT_RECORD));
    return (await isThere(path)) ? "what it says of itself is gone or has changed" : undefined;
  }
  try {
    await checkTree(kept);
    return undefined;
  } catch (error) {
    if (error instanceof DamagedTree) return error.message;
    throw error;
  }
}

async function checkObjects(
  { path }: CacheEntry,
  { network, signal }: { network: Network; signal: AbortSignal },
): Promise<string | undefined> {
  if (await isOnlyBegun(path)) return undefined;
  return withGit({ policy: DEFAULT_POLICY, network, signal }, async (git) => {
    try {
      await git.run([`--git-dir=${path}`, "fsck", "--full", "--no-dangling", "--no-progress"]);
      return undefined;
    } catch (error) {
      if (!(error instanceof BowlineError) || signal.aborted || UNTOLD.has(error.code)) throw error;
      return error.message;
    }
  });
}

/** Who was to make it was stopped before it held anything: whoever is next makes it whole. */
async function isOnlyBegun(repository: string): Promise<boolean> {
  if (await isThere(join(repository, "HEAD"))) return false;
  const packs = await readdir(join(repository, "objects/pack")).catch(() => []);
  return packs.length === 0;
}

/** git did not come so far. */
const UNTOLD: ReadonlySet<ErrorCode> = new Set(["SYSTEM_LIMIT", "DISK_FULL", "GIT_MISSING"]);
