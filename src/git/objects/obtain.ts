import { rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BowlineError, errnoOf, makeFolder, writeError, type ErrorCode } from "../../lib/index.ts";
import { cacheDamaged, cacheNotKept } from "../cache/cache-warnings.ts";
import { markUse } from "../cache/use-mark.ts";
import { warn } from "../failures.ts";
import { planOf, sessionOf, type Making } from "../making.ts";
import { isDumbHttp } from "../process/git-failure.ts";
import type { Git } from "../process/open-git.ts";
import { originSection } from "../trees/checkout.ts";
import {
  bareRepository,
  endHistoryAt,
  hasCommit,
  incomingFolder,
  isShallowAt,
  makeIncoming,
  newestCommits,
  referenceIn,
  setRepositoryAside,
  tagObject,
  takeIn,
  type BareRepository,
  type Wanted,
} from "./bare-repository.ts";
import type { CacheFolder } from "./cache-folder.ts";
import { copyPacks } from "./copy-packs.ts";
import { fetchObjects } from "./fetch.ts";
import type { PackWatch } from "./fetch-options.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { unlessRemoved } from "./removed.ts";
import type { Seen } from "./seen.ts";

/** How the objects of a commit came. */
export interface Obtained {
  bytes: number;
  /** `objects`: they were there; `wait`: another process fetched them meanwhile. */
  cache: "miss" | "objects" | "wait";
  /** Folder with all objects of the commit, in a repository whose history ends with it; until `close`. */
  objects: string;
  /** Whether there are no others in it. */
  exact: boolean;
  /** Whether the commit has parents, which are left out. */
  shallow: boolean;
  /** Where the server's repository is, if a redirect that resolving had not met led there. */
  redirectedTo?: string | undefined;
  /** The commit's own content, where it was seen to come. */
  content?: Buffer | undefined;
  /** What the tag that was asked for points to. */
  tagObject?: string | undefined;
  close: () => Promise<void>;
}

export interface ObtainOptions {
  making: Making;
  git: Git;
  cache: CacheFolder;
  seen: Seen;
  /** Looks at the commit's pack, where it is all of the commit. */
  watch?: PackWatch | undefined;
}

/**
 * Sees to it that the objects of the commit, and no history, are here: from the kept ones, or from the server, which sends what is not here yet. A damaged
 * repository is set aside, and the commit fetched anew, once.
 */
export async function obtainObjects(options: ObtainOptions): Promise<Obtained> {
  const { making, cache } = options;
  const bare = bareRepository(cache);
  const wanted = wantedBy(making);
  const { commit } = wanted;
  const turn = { making, cache, name: `objects-${commit}`, what: `objects of commit ${commit}` };
  return oneAtATime(turn, async (waited): Promise<Obtained> => {
    const use = await markUse(bare.gitFolder);
    const kept = await keptObjects(options, { bare, wanted });
    if (kept !== undefined) return { ...kept, cache: waited ? "wait" : "objects", close: use.end };
    // what is fetched on top of it needs it, too
    const obtained = await fetchIncoming(options, { bare, wanted }).catch(async (error: unknown) => {
      await use.end();
      throw error;
    });
    return { ...obtained, close: () => Promise.all([obtained.close(), use.end()]).then(() => undefined) };
  });
}

/** Tells a repository of its own, before anything reads in it, where the commit's history ends and what the tag is that was asked for. */
export async function tellHistory(
  gitFolder: string,
  { shallow, tagObject: tagged }: Obtained,
  { making }: Pick<ObtainOptions, "making">,
): Promise<void> {
  const { commit, tag } = wantedBy(making);
  try {
    if (shallow) await writeFile(join(gitFolder, "shallow"), `${commit}\n`);
    if (tag === undefined) return;
    await makeFolder(dirname(join(gitFolder, tag)));
    await writeFile(join(gitFolder, tag), `${tagged ?? commit}\n`);
  } catch (cause) {
    throw writeError(gitFolder, cause);
  }
}

/**
 * Gives a repository of its own all objects of the commit and no other, so that it needs nothing of the cache: by copying what came, or by packing it
 * from what is there, as it is packed there; then these are lent to the repository meanwhile.
 */
export async function giveObjects(
  gitFolder: string,
  { objects, exact, tagObject: tagged }: Obtained,
  { making, git }: Pick<ObtainOptions, "making" | "git">,
): Promise<void> {
  const { commit } = wantedBy(making);
  const packs = join(gitFolder, "objects/pack");
  if (exact) {
    return copyPacks(join(objects, "pack"), packs);
  }
  const words = ["pack-objects", "--revs", "--window=0", "--delta-base-offset", "--quiet"];
  // told of where history ends by the repository that has the objects: the other's files are being written
  await git.run([`--git-dir=${dirname(objects)}`, ...words, join(packs, "pack")], {
    input: [commit, ...(tagged === undefined ? [] : [tagged]), ""].join("\n"),
    // git begins a pack here and renames it at its end, which it cannot from one file system to another
    env: { GIT_OBJECT_DIRECTORY: join(gitFolder, "objects") },
  });
}

function wantedBy({ request }: Making): Wanted {
  const { commit, ref } = request.resolution;
  return { commit, tag: ref?.startsWith("refs/tags/") === true ? ref : undefined };
}

/** Whether what git says may be the fault of kept objects that are not as they were. */
export function isDamage(error: unknown): error is BowlineError {
  return error instanceof BowlineError && DAMAGE.has(error.code);
}

const DAMAGE = new Set<ErrorCode>(["INTERNAL", "GIT_PROTOCOL", "GIT_CONTENT_REFUSED"]);

/** Sets the repository aside, and says so. */
export async function putAside({ making, cache }: ObtainOptions, error: BowlineError): Promise<void> {
  await setRepositoryAside(bareRepository(cache));
  const what = `kept objects of "${making.access.url.text}" were`;
  warn(making.request, cacheDamaged(what, error, "they are fetched anew"));
}

async function mayHave({ making, seen }: ObtainOptions, commit: string): Promise<boolean> {
  const { request, access } = making;
  // a branch or tag was just resolved with this credential
  if (sessionOf(request) !== undefined && request.resolution.ref !== undefined) return true;
  return seen.has(access, commit);
}

interface Into {
  bare: BareRepository;
  wanted: Wanted;
}

async function fetchIncoming(options: ObtainOptions, { bare, wanted }: Into): Promise<Obtained> {
  const haves = await newestCommits(bare);
  try {
    return await keepFetched(options, { bare, wanted, fetched: await fetchOnTop(options, { bare, wanted, haves }) });
  } catch (error) {
    if (haves.length === 0 || !isDamage(error)) throw error;
    // what was offered may not be there; if it is the server's fault, it is that again
    const fetched = await fetchOnTop(options, { bare, wanted, haves: [] });
    // a server that is a folder of files gives nothing to a repository whose history ends somewhere
    if (!isDumbHttp(error)) await putAside(options, error);
    return keepFetched(options, { bare, wanted, fetched });
  }
}

/** What is there already; undefined where that is not the commit, or is damaged: then it is set aside. */
async function keptObjects(
  options: ObtainOptions,
  { bare, wanted }: Into,
): Promise<Omit<Obtained, "cache" | "close"> | undefined> {
  const { commit } = wanted;
  if (!(await hasCommit(bare, wanted)) || !(await mayHave(options, commit))) return undefined;
  try {
    const told = await isShallowAt(bare.gitFolder, commit);
    const shallow = told || (await hasParents(options.git, bare.gitFolder, commit));
    // the list of where histories end was lost, not the commit
    if (shallow && !told) await endHistoryAt(bare, commit);
    const objects = join(bare.gitFolder, "objects");
    return { bytes: 0, objects, exact: false, shallow, tagObject: await tagObject(bare, wanted) };
  } catch (error) {
    if (!isDamage(error)) throw error;
    await putAside(options, error);
    return undefined;
  }
}

interface FetchedOnTop extends Omit<Obtained, "cache"> {
  incoming: string;
  haves: readonly string[];
}

/** Hands it to others, too. That the cache does not take it is not this target's trouble. */
async function keepFetched(
  { making, cache }: ObtainOptions,
  { bare, wanted, fetched }: Into & { fetched: FetchedOnTop },
): Promise<Obtained> {
  const { incoming, haves, ...obtained } = fetched;
  try {
    await takeIn(bare, incoming, { wanted, haves, shallow: obtained.shallow });
  } catch (error) {
    if (errnoOf(error) === undefined && !(error instanceof BowlineError)) throw error;
    const failure = error instanceof BowlineError ? error : writeError(cache.repository, error);
    warn(making.request, cacheNotKept("objects are", failure));
  }
  return { ...obtained, cache: "miss" };
}

async function fetchOnTop(
  { making, cache, git, watch }: ObtainOptions,
  { bare, wanted, haves }: Into & { haves: readonly string[] },
): Promise<FetchedOnTop> {
  const { request, access, deadline } = making;
  const remote = originSection({ ...planOf(making), originUrl: access.url.remote });
  const incoming = incomingFolder(cache);
  const close = (): Promise<void> => rm(incoming, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  try {
    await makeIncoming(incoming, { bare, commit: wanted.commit, remote, haves });
    const { bytes, redirectedTo, content } = await fetchObjects({
      ...{ git, gitFolder: incoming, access, request, deadline, haves },
      ...{ commit: wanted.commit, ref: request.resolution.ref, session: sessionOf(request) },
      ...(haves.length === 0 && { watch }),
    });
    const told = await isShallowAt(incoming, wanted.commit);
    const shallow = told || (await hasParents(git, incoming, wanted.commit));
    if (shallow && !told) await writeFile(join(incoming, "shallow"), `${wanted.commit}\n`, { flag: "a" });
    const tagged = wanted.tag === undefined ? undefined : await referenceIn(incoming, wanted.tag);
    const objects = join(incoming, "objects");
    const exact = haves.length === 0 && told;
    return { bytes, redirectedTo, content, objects, exact, shallow, tagObject: tagged, close, incoming, haves };
  } catch (error) {
    const found = await unlessRemoved(incoming, error);
    await close();
    throw found;
  }
}

/** For the first commit of a history, and for what a server sent that gives all of it or nothing. */
async function hasParents(git: Git, gitFolder: string, commit: string): Promise<boolean> {
  const { stdout } = await git.run([`--git-dir=${gitFolder}`, "cat-file", "commit", commit]);
  return /^parent /m.test(stdout.toString("latin1").split("\n\n")[0] ?? "");
}
