import type { GitOptions } from "../../spec/index.ts";
import { filterFor } from "./filter.ts";

/** Whether objects are kept for all that want the commit: its own tree and nothing else, whole. */
export function isShareable(options: GitOptions): boolean {
  return options.history === 1 && !options.tags && filterFor(options) === undefined;
}
