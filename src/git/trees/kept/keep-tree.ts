import { rm } from "node:fs/promises";
import { BowlineError, errnoOf, isOfMachine, writeError } from "../../../lib/index.ts";
import { cacheDamaged, cacheNotKept } from "../../cache/cache-warnings.ts";
import { sweepHalfMade } from "../../cache/take-away.ts";
import type { CacheFolder } from "../../objects/cache-folder.ts";
import { filterFor } from "../../objects/filter.ts";
import { openSeen } from "../../objects/seen.ts";
import type { FromServer } from "../../from-server.ts";
import { warn } from "../../failures.ts";
import type { Making } from "../../making.ts";
import { isAttributes } from "../attributes.ts";
import { notAsGitWrites } from "./as-git-writes.ts";
import { newTreeFolder, publishKeptTree } from "./kept-tree.ts";
import { writeManifest } from "./manifest.ts";
import { packTree, type Packed } from "./pack-tree.ts";
import { optionWords } from "./tree-key.ts";

export interface KeepOptions {
  making: Making;
  made: FromServer;
  cache: CacheFolder;
  /** Where it will be found. */
  folder: string;
}

/**
 * Keeps what is in the workplace for whoever wants it next. It is held against the tree of the commit first, byte by byte: that it differs is an error
 * (INTERNAL). That the cache takes no more, or that this tree cannot be kept, is not.
 */
export async function keepTree({ making, made, cache, folder }: KeepOptions): Promise<void> {
  const { request, workplace, deadline, given } = making;
  let place: string | undefined;
  try {
    await sweepHalfMade(cache.repository);
    place = await newTreeFolder(cache.repository);
    const packed = await packTree({
      tree: workplace.tree,
      folder: place,
      commit: request.resolution.commit,
      leaveOut: isOfTarget,
      base: made.base,
      signal: deadline.signal,
    });
    if (packed === undefined || !(await isAsCommitted(packed, { making, made })))
      return await rm(place, { recursive: true, force: true });
    const damaged = await publishKeptTree(place, folder, {
      apiVersion: "bowline/v1",
      url: making.access.url.text,
      commit: request.resolution.commit,
      options: optionWords(request.options),
      details: { tree: made.tree, author: made.author, date: made.date, subject: made.subject },
      submodules: made.submodules,
      ...(filterFor(request.options) !== made.filter && { unfiltered: true }),
      ...(made.redirectedTo !== undefined && { redirectedTo: made.redirectedTo }),
      warnings: made.warnings,
      places: given.map(({ access, what }) => ({ url: access.url.text, commit: what })),
      configTail: made.configTail,
      files: packed.index.entries.length,
      bytes: packed.index.entries.reduce((sum, { size, skipped }) => sum + (skipped ? 0 : size), 0),
      size: packed.size,
      manifest: await writeManifest(place, packed.manifest),
    });
    if (damaged)
      warn(request, cacheDamaged(`a kept tree of "${making.access.url.text}" was`, damaged, "it was made anew"));
    const seen = openSeen(cache);
    await Promise.all(given.map(({ access, what }) => seen.keep(access, what)));
  } catch (error) {
    if (place !== undefined) await rm(place, { recursive: true, force: true }).catch(() => {});
    // git writes paths from where it stands, which may be longer than any that begins at the root
    if (errnoOf(error) === "ENAMETOOLONG") return;
    const ofDisk = !(error instanceof BowlineError) && errnoOf(error) !== undefined;
    const failure = ofDisk ? writeError(place ?? cache.root, error) : error;
    if (!isOfMachine(failure)) throw failure;
    warn(request, cacheNotKept("this commit is", failure));
  }
}

/** Written anew for each target: which branch it stands on, and the url as that request had it. */
function isOfTarget(path: string): boolean {
  return (
    path === ".git/HEAD" ||
    path === ".git/config" ||
    path.startsWith(".git/refs/heads/") ||
    path.startsWith(".git/refs/remotes")
  );
}

const LINK = 0o120000;

/** False where that cannot be known: attributes that are themselves converted are not those that git had when it wrote. Throws INTERNAL. */
async function isAsCommitted(
  { index, unlike }: Packed,
  { making, made }: Pick<KeepOptions, "making" | "made">,
): Promise<boolean> {
  const { request, workplace } = making;
  const sameIndex = index.tree === undefined || index.tree === made.tree;
  // the contents of LFS files are checked by git-lfs against their own names
  const compared = sameIndex && !request.options.lfs;
  const wrong = compared ? await notAsGitWrites(unlike, made.git, workplace.tree) : undefined;
  if (sameIndex && wrong === undefined) return true;
  // git takes those from a link as well while it checks out, and not afterwards
  const isLinked = index.entries.some(({ path, mode }) => isAttributes(path) && mode === LINK);
  if (sameIndex && (isLinked || unlike.some(({ path }) => isAttributes(path)))) return false;
  throw new BowlineError({
    code: "INTERNAL",
    message: `what was checked out of "${request.url}" is not the commit's tree: ${wrong === undefined ? "its index" : JSON.stringify(wrong.path)}`,
    hint: "check the disk and the memory of this machine, then report this as a bug",
  });
}
