import { rm } from "node:fs/promises";
import { BowlineError, errnoOf, writeError } from "../../../lib/index.ts";
import { sweepHalfMade } from "../../cache/take-away.ts";
import type { CacheFolder } from "../../objects/cache-folder.ts";
import { filterFor } from "../../objects/filter.ts";
import { openSeen } from "../../objects/seen.ts";
import type { FromServer } from "../../from-server.ts";
import { warn, type Making } from "../../making.ts";
import type { Git } from "../../process/open-git.ts";
import type { IndexEntry } from "../git-index.ts";
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
    if (packed === undefined) return await rm(place, { recursive: true, force: true });
    await verify(packed, { making, made });
    await publishKeptTree(place, folder, {
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
    const seen = openSeen(cache);
    await Promise.all(given.map(({ access, what }) => seen.keep(access, what)));
  } catch (error) {
    if (place !== undefined) await rm(place, { recursive: true, force: true }).catch(() => {});
    const failure = errnoOf(error) === undefined ? error : writeError(place ?? cache.root, error);
    if (!(failure instanceof BowlineError) || !failure.code.startsWith("DISK_")) throw failure;
    warn(request, notKept(failure));
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

async function verify(
  { index, unlike }: Packed,
  { making, made }: Pick<KeepOptions, "making" | "made">,
): Promise<void> {
  const { request, workplace } = making;
  const differing =
    index.tree !== undefined && index.tree !== made.tree
      ? ["its index"]
      : // the contents of LFS files are checked by git-lfs against their own names
        request.options.lfs
        ? []
        : await unlikeAlsoToGit(unlike, made.git, workplace.tree);
  if (differing.length === 0) return;
  throw new BowlineError({
    code: "INTERNAL",
    message: `what was checked out of "${request.url}" is not the commit's tree: ${differing[0]}`,
    hint: "check the disk and the memory of this machine, then report this as a bug",
  });
}

/** Line ends and the like are converted when files are written: git converts them back to compare. */
async function unlikeAlsoToGit(entries: readonly IndexEntry[], git: Git, tree: string): Promise<string[]> {
  if (entries.length === 0) return [];
  // a name that begins with a quote is read as a C string
  const names = entries.map(({ path }) => (/["\n]/.test(path) ? undefined : path));
  const asked = entries.filter((_, index) => names[index] !== undefined);
  const input = Buffer.from(asked.map(({ path }) => `${path}\n`).join(""), "latin1");
  const { code, stdout } = await git.run(["hash-object", "--stdin-paths"], { cwd: tree, input, expected: [128] });
  const objects = stdout.toString().split("\n");
  if (code !== 0) return ["a file is missing"];
  return asked.filter(({ object }, index) => objects[index] !== object).map(({ path }) => `"${path}"`);
}

function notKept(cause: BowlineError) {
  return {
    code: "CACHE_NOT_KEPT",
    message: `this commit is not kept for the next run: ${cause.message}`,
    hint: "make room for the cache (bowline cache prune), or make it writable",
  };
}
