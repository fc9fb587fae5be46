import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { GitOptions } from "../../../spec/index.ts";
import { findKeptTree, KEPT_RECORD, type KeptTree } from "./kept-tree.ts";
import { optionWords } from "./tree-key.ts";

/**
 * The kept tree of another commit from which this one is soonest made: the one that was used last, with the same options. None where files come from elsewhere too
 * (submodules, LFS).
 */
export async function findBase(repository: string, options: GitOptions): Promise<KeptTree | undefined> {
  if (options.submodules !== false || options.lfs) return undefined;
  const folder = join(repository, "trees");
  const names = await readdir(folder).catch(() => []);
  const used = await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(folder, name, KEPT_RECORD)).catch(() => undefined);
      return { name, at: found?.mtimeMs ?? 0 };
    }),
  );
  for (const { name, at } of used.sort((a, b) => b.at - a.at).slice(0, MOST_LOOKED_AT)) {
    const kept = at === 0 ? undefined : await findKeptTree(join(folder, name));
    if (kept?.record.options === optionWords(options)) return kept;
  }
  return undefined;
}

const MOST_LOOKED_AT = 8;
