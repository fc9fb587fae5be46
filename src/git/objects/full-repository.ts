import { cp, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errnoOf, listIfThere, makeFolder, readIfThere, writeAnew, writeError } from "../../lib/index.ts";
import { cacheDamaged } from "../cache/cache-warnings.ts";
import { takeAway } from "../cache/take-away.ts";
import { markUse } from "../cache/use-mark.ts";
import { warn } from "../failures.ts";
import { planOf, sessionOf, type Making } from "../making.ts";
import type { Git } from "../process/open-git.ts";
import { originSection } from "../trees/checkout.ts";
import { commitRefs, COMMIT_REFS } from "./bare-repository.ts";
import type { CacheFolder } from "./cache-folder.ts";
import { copyPacks } from "./copy-packs.ts";
import { digest } from "./digest.ts";
import { makeEmptyRepository } from "./empty-repository.ts";
import { fetchObjects } from "./fetch.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { unlessRemoved } from "./removed.ts";
import { removeLeftovers } from "./repack.ts";

/** What came of all of history. */
export interface ObtainedHistory {
  bytes: number;
  cache: "miss" | "objects" | "wait";
  redirectedTo?: string;
}

interface Kept {
  making: Making;
  cache: CacheFolder;
}

interface Options extends Kept {
  git: Git;
}

const MOST_HAVES = 64;
/** There while branches and tags are those of a fetch that was finished; says which these were. */
const WHOLE = "whole";

/**
 * Gives `gitFolder`, when it is ready, all of history, with every branch and tag, from a repository that is kept for this very credential: another one may see other branches. A
 * commit that was just resolved asks for what is new; a pinned one that is there asks nothing. One process at a time works on it; `shallow` it never is.
 */
export async function obtainHistory(
  options: Options,
  { gitFolder, ready }: { gitFolder: string; ready: Promise<unknown> },
): Promise<ObtainedHistory> {
  const { making, cache } = options;
  const { request, access } = making;
  const kept = repositoryOf(options);
  const turn = { making, cache, name: basename(kept, ".git"), what: `the history of "${access.url.text}"` };
  return oneAtATime(turn, async (waited): Promise<ObtainedHistory> => {
    const use = await markUse(kept);
    try {
      return await obtain(waited);
    } finally {
      await use.end();
    }
  });

  async function obtain(waited: boolean): Promise<ObtainedHistory> {
    if (await havePacksChanged(kept)) await putHistoryAside(options, new Error("its packs have changed"));
    const there = await isKnown(kept, request.resolution.commit);
    const recent = sessionOf(request) === undefined || waited;
    const fetched = there && recent ? undefined : await update(options, kept);
    await ready;
    await copyRepository(kept, gitFolder);
    if (fetched !== undefined) return { ...fetched, cache: "miss" };
    return { bytes: 0, cache: waited ? "wait" : "objects" };
  }
}

/** Whether anything of it is kept. */
export async function isHistoryKept(options: Kept): Promise<boolean> {
  return (await tips(repositoryOf(options))).length > 0;
}

/** Takes it out of the way, and says so. */
export async function putHistoryAside(options: Kept, error: Error): Promise<void> {
  const { making } = options;
  await takeAway(repositoryOf(options));
  const what = `the kept history of "${making.access.url.text}" was`;
  warn(making.request, cacheDamaged(what, error, "it is fetched anew"));
}

function repositoryOf({ making, cache }: Kept): string {
  return join(cache.repository, `full-${cache.credentialMark(making.access)}.git`);
}

async function update({ making, git }: Options, kept: string): Promise<{ bytes: number; redirectedTo?: string }> {
  const { request, access, deadline } = making;
  const { commit, ref } = request.resolution;
  const config = originSection({ ...planOf(making), originUrl: access.url.remote });
  // what a killed process left is nobody's under the lock
  await makeEmptyRepository({ gitFolder: kept, commit, bare: true, config });
  await removeLeftovers(kept);
  const haves = await tips(kept);
  // branches and tags that the server has no more must not stay; who is killed from here on leaves none, or some
  await rm(join(kept, WHOLE), { force: true });
  await rm(join(kept, "packed-refs"), { force: true });
  for (const name of ["remotes", "tags"]) await rm(join(kept, "refs", name), { recursive: true, force: true });
  const { bytes, redirectedTo } = await fetchObjects({
    ...{ git, gitFolder: kept, access, request, deadline, haves },
    ...{ commit, ref, session: sessionOf(request) },
  }).catch(async (error: unknown) => {
    throw await unlessRemoved(kept, error);
  });
  await keepKnown(kept, commit);
  await writeAnew(join(kept, WHOLE), `${await packsState(kept)} ${await refsState(kept)}`);
  return { bytes, ...(redirectedTo !== undefined && { redirectedTo }) };
}

/** Commits of fetches that were finished, those of the last ones first: all that they lead to is there. */
async function tips(kept: string): Promise<string[]> {
  const refs = await commitRefs({ gitFolder: kept }).catch(() => []);
  return refs.slice(0, MOST_HAVES).map(({ commit }) => commit);
}

/** Then it counts as used now. */
async function isKnown(kept: string, commit: string): Promise<boolean> {
  const [, refs] = (await readWhole(kept)) ?? [];
  if (refs !== (await refsState(kept))) return false;
  const path = join(kept, COMMIT_REFS, commit);
  const text = await readFile(path, "utf8").catch(() => "");
  const now = new Date();
  await utimes(path, now, now).catch(() => {});
  return text.trim() === commit;
}

/** What packs, and branches and tags, were when a fetch was finished; undefined while one is not. */
async function readWhole(kept: string): Promise<string[] | undefined> {
  return (await readIfThere(join(kept, WHOLE)))?.split(" ");
}

/** Only a fetch changes them. */
async function havePacksChanged(kept: string): Promise<boolean> {
  const [packs] = (await readWhole(kept)) ?? [];
  return packs !== undefined && packs !== (await packsState(kept));
}

async function packsState(kept: string): Promise<string> {
  const folder = join(kept, "objects/pack");
  const packs = (await listIfThere(folder)).filter((name) => name.startsWith("pack-")).toSorted();
  return digest([packs, await Promise.all(packs.map(async (name) => (await stat(join(folder, name))).size))]);
}

async function refsState(kept: string): Promise<string> {
  const listed = await Promise.all(["refs/remotes", "refs/tags"].map((name) => filesIn(join(kept, name))));
  const paths = [join(kept, "packed-refs"), ...listed.flat().toSorted()];
  const refs = paths.map(async (path) => [path.slice(kept.length), (await readIfThere(path)) ?? null]);
  return digest(await Promise.all(refs));
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

/** Every branch that came is known from now on, too, so that the next fetch can name it. */
async function keepKnown(kept: string, commit: string): Promise<void> {
  const packed = (await readIfThere(join(kept, "packed-refs"))) ?? "";
  const branches = [...packed.matchAll(/^([0-9a-f]{40,64}) refs\/remotes\/origin\//gm)].map((match) => match[1]!);
  await makeFolder(join(kept, COMMIT_REFS));
  for (const one of new Set([...branches.slice(0, MOST_HAVES), commit]))
    await writeAnew(join(kept, COMMIT_REFS, one), `${one}\n`);
}

/** Packs, branches and tags, for a repository of its own. */
async function copyRepository(kept: string, gitFolder: string): Promise<void> {
  await copyPacks(join(kept, "objects/pack"), join(gitFolder, "objects/pack"));
  try {
    for (const name of ["packed-refs", "refs/remotes", "refs/tags", "shallow"]) {
      await makeFolder(dirname(join(gitFolder, name)));
      await cp(join(kept, name), join(gitFolder, name), { recursive: true }).catch((cause: unknown) => {
        if (errnoOf(cause) !== "ENOENT") throw cause;
      });
    }
  } catch (cause) {
    throw writeError(gitFolder, cause);
  }
}
