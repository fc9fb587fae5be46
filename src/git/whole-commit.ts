import { isFullCommit } from "../lib/index.ts";
import type { GitRequest } from "./request.ts";

/**
 * The pin of a revision that is a whole commit, for who materializes it at once: the fetch finds out whether the server has it, in the one request that it
 * is. Undefined for every other revision, and where more goes to the server than that fetch: then it has to be resolved, which follows a redirect for all.
 */
export function wholeCommit({
  revision,
  options,
}: Pick<GitRequest, "revision" | "options">): { commit: string } | undefined {
  const { history, sparse, filter, submodules, lfs } = options;
  const isOneFetch = typeof history === "number" && sparse.length === 0 && filter === undefined;
  if (revision === undefined || !isFullCommit(revision) || !isOneFetch || submodules !== false || lfs) return undefined;
  return { commit: revision.toLowerCase() };
}
