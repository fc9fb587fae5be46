import { join } from "node:path";
import type { Config } from "../../config/index.ts";
import type { CacheEntry } from "../../git/index.ts";
import type { Column } from "./table.ts";
import { age, size } from "./time.ts";

/** Where the git engine keeps what it keeps. */
export function cacheFolder({ home }: Config): string {
  return join(home.cache, "git");
}

export const NOTHING_CACHED = "nothing is cached";

export function cacheColumns(): Column<CacheEntry>[] {
  const now = Date.now();
  return [
    { header: "KIND", cell: ({ kind }) => kind },
    { header: "COMMIT", cell: ({ commit }) => commit?.slice(0, 8) ?? "" },
    { header: "SIZE", cell: ({ bytes }) => size(bytes) },
    { header: "USED", cell: ({ usedAt, inUse }) => (inUse ? "now" : age(usedAt, now)) },
    { header: "URL", cell: ({ url }) => url },
    { header: "OPTIONS", cell: ({ options }) => options ?? "" },
    { header: "SCOPE", cell: ({ scope }) => scope ?? "", wide: true },
    { header: "PATH", cell: ({ path }) => path, wide: true },
  ];
}
