/** The truth about the cache of repositories and trees, of which this version keeps none. */
export const NOTHING_CACHED = "nothing is cached: this version fetches every repository anew";
