import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { GitOptions } from "../../../spec/index.ts";
import { filterFor } from "../../objects/filter.ts";
import { findKeptTree, KEPT_RECORD, type KeptTree } from "./kept-tree.ts";
import { optionWords } from "./tree-key.ts";

/**
 * The kept tree from which this commit is soonest made: its own, which another history has, else the one that was used last. How much history there is makes no difference to
 * files, all other options are the same. None where files come from elsewhere too (submodules, LFS), or their contents would be missing in `.git` (filters).
 */
export async function findBase(
  repository: string,
  { commit, options }: { commit: string; options: GitOptions },
): Promise<KeptTree | undefined> {
  if (options.submodules !== false || options.lfs || filterFor(options) !== undefined) return undefined;
  const words = optionWords({ ...options, history: 1, tags: false });
  const folder = join(repository, "trees");
  const names = await readdir(folder).catch(() => []);
  const used = await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(folder, name, KEPT_RECORD)).catch(() => undefined);
      return { name, at: found?.mtimeMs ?? 0 };
    }),
  );
  const bases: KeptTree[] = [];
  for (const { name, at } of used.sort((a, b) => b.at - a.at).slice(0, MOST_LOOKED_AT)) {
    const kept = at === 0 ? undefined : await findKeptTree(join(folder, name));
    if (kept?.record.options === words) bases.push(kept);
  }
  return bases.find(({ record }) => record.commit === commit) ?? bases[0];
}

const MOST_LOOKED_AT = 8;
