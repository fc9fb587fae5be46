import { isAbsolute, join, relative } from "node:path";
import { BowlineError, type Place } from "../../lib/index.ts";

/** Where the secret files of a run lie, and nothing else: it is removed when the run is over. */
export function privateFolderOf(runFolder: string): string {
  return join(runFolder, "private");
}

/** The path again, if it is inside of the folder. Throws PATH_INVALID for one that would leave it. */
export function insideOf(folder: string, { path, place }: { path: string; place?: Place | undefined }): string {
  const way = relative(folder, path);
  if (way === "" || (!isAbsolute(way) && way !== ".." && !way.startsWith("../"))) return path;
  throw new BowlineError({
    code: "PATH_INVALID",
    message: `"${path}" is outside of the run's own folder "${folder}"`,
    hint: "give a path without .. that lies below the artifacts: {{ globals.artifacts_path }}",
    ...(place === undefined ? {} : { place }),
  });
}
