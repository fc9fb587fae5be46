import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { newestUse } from "../objects/bare-repository.ts";
import { readAbout, REPOSITORIES } from "../objects/cache-folder.ts";
import { findKeptTree, KEPT_RECORD } from "../trees/kept/kept-tree.ts";
import { listMounts } from "./mounts.ts";
import { isInUse } from "./use-mark.ts";

/** One thing that is kept: a complete tree, or the objects of a repository. */
export interface CacheEntry {
  kind: "tree" | "objects";
  url: string;
  /** Of the credential it was asked with; absent for what needs none. */
  scope?: string;
  /** Of a tree; absent where it does not say any more which one it is. */
  commit?: string;
  /** What differs from the usual, in words. */
  options?: string;
  /** On disk; what two entries share counts half for each. */
  bytes: number;
  usedAt: string;
  inUse: boolean;
  path: string;
  /** How many targets are mounted over it. */
  mounts?: number;
  /** Targets that were, before this machine was started anew. */
  notMounted?: string[];
}

/** Everything that is kept below this folder, what was used last first. */
export async function listCache(root: string): Promise<CacheEntry[]> {
  const repositories = await namesIn(join(root, REPOSITORIES));
  const lists = await Promise.all(repositories.map((name) => entriesOf(join(root, REPOSITORIES, name))));
  const mounts = await listMounts(root);
  const entries = lists.flat().map((entry) => {
    const targets = mounts.filter(({ kept }) => kept === entry.path);
    if (targets.length === 0) return entry;
    const lost = targets.filter(({ mounted }) => !mounted).map(({ target }) => target);
    return { ...entry, inUse: true, mounts: targets.length, ...(lost.length > 0 && { notMounted: lost }) };
  });
  return entries.sort((a, b) => b.usedAt.localeCompare(a.usedAt));
}

async function entriesOf(repository: string): Promise<CacheEntry[]> {
  const about = await readAbout(repository);
  const known = { url: about?.url ?? "unknown", ...(about?.scope !== undefined && { scope: about.scope }) };
  const trees = await namesIn(join(repository, "trees"));
  const entries: CacheEntry[] = [];
  for (const name of trees) {
    const path = join(repository, "trees", name);
    const kept = await findKeptTree(path);
    const used = await lstat(kept === undefined ? path : join(path, KEPT_RECORD)).catch(() => undefined);
    if (used === undefined || (kept === undefined && !used.isDirectory())) continue;
    const { commit, options = "" } = kept?.record ?? {};
    const facts = { ...(commit !== undefined && { commit }), ...(options !== "" && { options }) };
    entries.push({ kind: "tree", ...known, ...facts, ...(await stateOf(path, used.mtimeMs)) });
  }
  for (const name of (await namesIn(repository)).filter((one) => one.endsWith(".git"))) {
    const path = join(repository, name);
    const history = name.startsWith("full-") ? { options: "history full" } : {};
    entries.push({ kind: "objects", ...known, ...history, ...(await stateOf(path, await newestUse(path))) });
  }
  return entries;
}

async function stateOf(path: string, used: number): Promise<Pick<CacheEntry, "bytes" | "usedAt" | "inUse" | "path">> {
  return {
    bytes: await sizeOf(path),
    usedAt: new Date(used).toISOString(),
    inUse: await isInUse(path),
    path,
  };
}

/** A file of several names counts for each of them in part. */
async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await sizeOf(path);
    else {
      const found = await lstat(path).catch(() => undefined);
      bytes += found === undefined ? 0 : Math.round(found.size / found.nlink);
    }
  }
  return bytes;
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
