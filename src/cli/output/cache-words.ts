import type { CliContext } from "../context.ts";
import { printList, type Format } from "./data.ts";

/** The truth about the cache of repositories and trees, of which this version keeps none. */
export const NOTHING_CACHED = "nothing is cached: this version fetches every repository anew";

/** The empty list of what is cached, in the format asked for. */
export function printNothingCached(format: Format | undefined, context: CliContext): Promise<void> {
  return printList([], { ...(format && { format }), columns: [], name: () => "", empty: NOTHING_CACHED }, context);
}
