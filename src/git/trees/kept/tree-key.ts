import type { GitOptions } from "../../../spec/index.ts";
import { digest } from "../../objects/digest.ts";

/** Changes when what is kept changes its form: older ones are then not found, and in time evicted. */
const FORM = 1;

/** The name of the tree that these options make of this commit. */
export function treeKey({ commit, ref }: { commit: string; ref?: string | undefined }, options: GitOptions): string {
  const { history, tags, submodules, lfs, sparse, filter } = options;
  const paths = Array.isArray(submodules) ? [...submodules].sort() : submodules;
  // a tag that was asked for is in the tree's own repository
  const tag = ref?.startsWith("refs/tags/") === true ? ref : null;
  return digest([FORM, commit, tag, history, tags, paths, lfs, [...sparse].sort(), filter ?? null]);
}

/** Whether what these options make of a commit stays the same: other branches and tags of the server come and go. */
export function isKeepable({ history, tags }: GitOptions): boolean {
  return typeof history === "number" && !tags;
}

/** What differs from the usual, in words. */
export function optionWords({ history, tags, submodules, lfs, sparse, filter }: GitOptions): string {
  const words = [
    history === 1 ? [] : [`history ${history}`],
    tags ? ["tags"] : [],
    submodules === false ? [] : [submodules === true ? "submodules" : `submodules ${submodules.join(" ")}`],
    lfs ? ["lfs"] : [],
    sparse.length === 0 ? [] : [`sparse ${sparse.join(" ")}`],
    filter === undefined ? [] : [`filter ${filter}`],
  ];
  return words.flat().join(", ");
}
