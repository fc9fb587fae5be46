import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { planOf, sessionOf, warn, type Given, type Made, type Making, type Phases } from "./making.ts";
import type { CacheFolder } from "./objects/cache-folder.ts";
import { fetchObjects } from "./objects/fetch.ts";
import { isHistoryKept, obtainHistory, putHistoryAside } from "./objects/full-repository.ts";
import { giveObjects, isDamage, obtainObjects, putAside, type Obtained } from "./objects/obtain.ts";
import { openSeen } from "./objects/seen.ts";
import { isShareable, isWhole } from "./objects/shareable.ts";
import { checkGitVersion } from "./process/git-version.ts";
import { openGit, type Git } from "./process/open-git.ts";
import { checkBudget, holdWritten } from "./trees/budget.ts";
import { configText, finishConfig, pointHead, prepareRepository, writeFiles } from "./trees/checkout.ts";
import { commitDetails, readCommit } from "./trees/commit-details.ts";
import { attributesDiffer, beginWithBase, forgetIndex, indexOf } from "./trees/kept/begin-with-base.ts";
import type { Base } from "./trees/kept/reuse.ts";
import { addContents } from "./trees/lfs.ts";
import { addSubmodules } from "./trees/submodules.ts";
import { warnOfVersionFromGit } from "./trees/version-from-git.ts";
import { writeError, type Problem } from "../lib/index.ts";

/** What is in the workplace, complete but not yet published. */
export interface FromServer extends Omit<Made, "timings"> {
  warnings: Problem[];
  configTail: string;
  /** What the server left out. */
  filter?: string | undefined;
  git: Git;
  /** What the checkout began as, where it was not empty. */
  base?: Base | undefined;
}

/**
 * Brings the commit into the workplace and checks it out there; then `use` gets it, while git can still be started. With a cache, objects that are there already
 * are not fetched, and files of another commit that are the same are not checked out.
 */
export async function fromServer<T>(
  making: Making,
  phase: Phases,
  { cache, use }: { cache?: CacheFolder | undefined; use: (made: FromServer) => Promise<T> },
): Promise<T> {
  const { request } = making;
  const opening = openReady(making);
  opening.catch(() => undefined);
  try {
    const made = await obtainAndCheckOut({ making, phase, opening, cache });
    for (const problem of made.warnings) warn(request, problem);
    return await use(made);
  } finally {
    await closeOpened(opening);
  }
}

interface Obtaining {
  making: Making;
  phase: Phases;
  opening: Promise<Git>;
  cache: CacheFolder | undefined;
}

async function obtainAndCheckOut({ making, phase, opening, cache }: Obtaining): Promise<FromServer> {
  const { options } = making.request;
  if (cache !== undefined && isShareable(options)) {
    return throughCache({ making, phase, git: await opening, cache });
  }
  if (cache !== undefined && isWhole(options)) return withHistory({ making, phase, git: await opening, cache });
  return straight({ making, phase, opening, cache });
}

/** git, found to be new enough. */
async function openReady({ request, access, workplace, deadline }: Making): Promise<Git> {
  const opening = openGit({ ...request, access, folder: workplace.folder, signal: deadline.signal });
  try {
    return (await bothOrFirstError(opening, checkGitVersion(request.network)))[0];
  } catch (error) {
    await closeOpened(opening);
    throw error;
  }
}

async function closeOpened(opening: Promise<Git>): Promise<void> {
  const git = await opening.catch(() => undefined);
  await git?.close();
}

interface Tools {
  making: Making;
  phase: Phases;
  git: Git;
}

/** The request to the server is on its way while git and the repository are made ready. */
async function straight({ making, phase, opening, cache }: Obtaining): Promise<FromServer> {
  const { request, access, workplace, deadline, given } = making;
  const { commit, ref } = request.resolution;
  const session = sessionOf(request);
  const gitFolder = join(workplace.tree, ".git");
  const preparing = prepareWithBase(making, cache);
  const { bytes, redirectedTo, content, filter } = await phase("fetch", () => {
    const git = bothOrFirstError(opening, preparing).then(([one]) => one);
    return fetchObjects({ git, gitFolder, access, commit, ref, request, session, deadline });
  });
  const git = await opening;
  given.push({ access, what: commit });
  const base = await preparing;
  // git asks for what was left out while it writes the files
  if (filter !== undefined) await finishConfig({ ...planOf(making, filter), originUrl: access.url.remote });
  const made = await phase("checkout", () => checkOut(making, git, { content, base, filter }));
  return {
    ...made,
    git,
    bytes: bytes + made.bytes,
    cache: "miss",
    ...(redirectedTo !== undefined && { redirectedTo }),
  };
}

/** The repository in the workplace, beside the files of a kept tree where there is one. */
async function prepareWithBase(making: Making, cache: CacheFolder | undefined): Promise<Base | undefined> {
  const base = cache && (await beginWithBase(making, cache));
  await prepareRepository(planOf(making), making.access.url.remote);
  return base;
}

async function throughCache(tools: Tools & { cache: CacheFolder }): Promise<FromServer> {
  const { making, phase, git, cache } = tools;
  const options = { making, git, cache, seen: openSeen(cache) };
  for (let first = true; ; first = false) {
    const [obtained, base] = await phase("fetch", () =>
      bothOrFirstError(obtainObjects(options), beginWithBase(making, cache)),
    );
    try {
      return await phase("checkout", () => checkOutObtained(tools, obtained, base));
    } catch (error) {
      if (!first || obtained.exact || !isDamage(error)) throw error;
      await putAside(options, error);
      await making.workplace.reset();
      making.given.length = 0;
    } finally {
      await obtained.close();
    }
  }
}

/** All of history, from what is kept of it and the server. */
async function withHistory({ making, phase, git, cache }: Tools & { cache: CacheFolder }): Promise<FromServer> {
  const { access, workplace, given, request } = making;
  for (let first = true; ; first = false) {
    const kept = await isHistoryKept({ making, cache });
    try {
      const gitFolder = join(workplace.tree, ".git");
      const [obtained, base] = await phase("fetch", () => {
        const preparing = prepareWithBase(making, cache);
        return bothOrFirstError(obtainHistory({ making, git, cache }, { gitFolder, ready: preparing }), preparing);
      });
      given.push({ access, what: request.resolution.commit });
      const made = await phase("checkout", () => checkOut(making, git, { base }));
      return { ...made, ...obtained, git, bytes: obtained.bytes + made.bytes };
    } catch (error) {
      if (!first || !kept || !isDamage(error)) throw error;
      await putHistoryAside({ making, cache }, error);
      await workplace.reset();
      given.length = 0;
    }
  }
}

/** The objects are lent by the cache while files are written, and given meanwhile. */
async function checkOutObtained(
  { making, git }: Tools,
  obtained: Obtained,
  base: Base | undefined,
): Promise<FromServer> {
  const { access, workplace, given, request } = making;
  const { commit } = request.resolution;
  const gitFolder = join(workplace.tree, ".git");
  const lent = join(gitFolder, "objects/info/alternates");
  await prepareRepository(planOf(making), access.url.remote);
  given.push({ access, what: commit });
  if (!obtained.exact) await write(lent, `${obtained.objects}\n`);
  const giving = giveObjects(gitFolder, obtained, { making, git });
  if (obtained.exact) await giving;
  const [made] = await bothOrFirstError(checkOut(making, git, { base, content: obtained.content }), giving);
  await rm(lent, { force: true });
  const { cache, redirectedTo } = obtained;
  return {
    ...made,
    git,
    bytes: obtained.bytes + made.bytes,
    cache,
    ...(redirectedTo !== undefined && { redirectedTo }),
  };
}

interface Known {
  /** The commit's own content. */
  content?: Buffer | undefined;
  /** What the workplace begins as. */
  base?: Base | undefined;
  filter?: string | undefined;
}

/** The files, their LFS contents and submodules; `bytes` are those that came for these. */
async function checkOut(
  making: Making,
  git: Git,
  { content, base, filter }: Known,
): Promise<Omit<FromServer, "git" | "cache">> {
  const { request, access, workplace, deadline, given } = making;
  const { policy, url } = request;
  const { commit } = request.resolution;
  const { tree: repository, folder } = workplace;
  const plan = planOf(making, filter);
  const withoutContents = filter !== undefined;
  await checkBudget({ git, repository, commit, url, policy, withoutContents });
  // not beside the writing of files, whose processes read HEAD too
  await pointHead(plan);
  const seen = content && commitDetails(content);
  const reading = seen ?? readCommit(git, { repository, commit, url });
  const writing = withoutContents
    ? holdWritten({ repository, url, policy }, (over) =>
        writeFiles(git, plan, over && AbortSignal.any([deadline.signal, over])),
      )
    : writeFiles(git, plan);
  const [, details] = await bothOrFirstError(writing, reading);
  const usable = base !== undefined && (await isStillBase(base, { repository, commit }));
  if (base !== undefined && !usable) {
    await forgetIndex(repository);
    await writeFiles(git, plan);
  }
  const tree = { request, access, commit, tree: repository, git, folder, signal: deadline.signal };
  const contents = await addContents(tree);
  if (contents.from !== undefined) given.push({ access: contents.from, what: lfsOf(commit) });
  await finishConfig(plan);
  const added = await addSubmodules({
    ...tree,
    gitFolder: join(repository, ".git"),
    materialize: (child) => making.materialize(child, given),
  });
  const config = await readFile(join(repository, ".git/config"), "utf8");
  const version = plan.shallow ? await warnOfVersionFromGit(repository) : undefined;
  return {
    ...details,
    submodules: added.submodules,
    bytes: contents.bytes + added.bytes,
    warnings: [...(version === undefined ? [] : [version]), ...contents.warnings],
    configTail: config.slice(configText(plan).length),
    filter,
    ...(usable && { base }),
  };
}

async function isStillBase(
  base: Base,
  { repository, commit }: { repository: string; commit: string },
): Promise<boolean> {
  const index = await indexOf(repository, commit);
  return index !== undefined && !attributesDiffer(base.index, index);
}

/** The name of a commit's LFS contents, beside that of the commit. */
function lfsOf(commit: string): Given["what"] {
  return `lfs of ${commit}`;
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((cause: unknown) => {
    throw writeError(path, cause);
  });
}

/** Waits for both, so that no git is left running in a folder that is about to be removed; then throws the first error. */
async function bothOrFirstError<A, B>(a: Promise<A>, b: Promise<B> | B): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
}
