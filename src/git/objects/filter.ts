import type { GitOptions } from "../../spec/index.ts";

/** The filter that goes with the options: old file contents are left out for `commits`, those of other folders for `sparse`. */
export function filterFor(options: GitOptions): "blob:none" | undefined {
  return options.history === "commits" || options.sparse.length > 0 ? "blob:none" : options.filter;
}
