import { join } from "node:path";
import { BowlineError, isThere } from "../../lib/index.ts";

/** What a fetch failed for; where its folder, which is the cache's, was removed meanwhile, that: a cache may be deleted at any time. */
export async function unlessRemoved(gitFolder: string, error: unknown): Promise<unknown> {
  if (error instanceof BowlineError && error.code.startsWith("DISK_")) return error;
  const places = ["HEAD", "config", "objects/pack"].map((name) => isThere(join(gitFolder, name)));
  if ((await Promise.all(places)).every(Boolean)) return error;
  return new BowlineError(
    {
      code: "DISK_NOT_WRITABLE",
      message: `"${gitFolder}" was removed while it was written`,
      hint: "see what removes folders there, then run the command again",
    },
    { cause: error },
  );
}
