import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isThere } from "../../lib/index.ts";
import type { Access } from "../access.ts";
import type { CacheFolder } from "./cache-folder.ts";
import { digest } from "./digest.ts";

/** What the server was seen to give to which credential: a commit, or something else of one. */
export interface Seen {
  has: (access: Access, what: string) => Promise<boolean>;
  /** For `has` from now on; a cache that cannot be written costs a question the next time. */
  keep: (access: Access, what: string) => Promise<void>;
}

export function openSeen(cache: CacheFolder): Seen {
  const folder = join(cache.repository, "seen");
  const pathOf = (access: Access, what: string): string =>
    join(folder, digest([access.url.href, what, cache.credentialMark(access)]));
  return {
    has: (access, what) => isThere(pathOf(access, what)),
    async keep(access, what) {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(pathOf(access, what), "", { mode: 0o600, flag: "wx" });
      } catch {
        // it is there already, or asked again the next time
      }
    },
  };
}
