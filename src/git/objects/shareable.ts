import type { GitOptions } from "../../spec/index.ts";
import { filterFor } from "./filter.ts";

/** Whether objects are kept for all that want the commit: its own tree and nothing else, whole. */
export function isShareable(options: GitOptions): boolean {
  return options.history === 1 && !options.tags && filterFor(options) === undefined;
}

/** Whether all of history is asked for, with all that is in it; it is kept in a repository of its own. */
export function isWhole(options: GitOptions): boolean {
  return options.history === "full" && filterFor(options) === undefined;
}
