import { rm } from "node:fs/promises";
import { join } from "node:path";
import { bothOrFirstError } from "./both.ts";
import { checkOut, type CheckedOut, type Known } from "./check-out.ts";
import { warn } from "./failures.ts";
import { planOf, sessionOf, type Made, type Making, type Phases } from "./making.ts";
import type { CacheFolder } from "./objects/cache-folder.ts";
import { fetchObjects } from "./objects/fetch.ts";
import { isHistoryKept, obtainHistory, putHistoryAside } from "./objects/full-repository.ts";
import { giveObjects, isDamage, obtainObjects, putAside, tellHistory, type Obtained } from "./objects/obtain.ts";
import { openSeen } from "./objects/seen.ts";
import { isShareable, isWhole } from "./objects/shareable.ts";
import { checkGitVersion } from "./process/git-version.ts";
import { openGit, type Git } from "./process/open-git.ts";
import { finishConfig, prepareRepository } from "./trees/checkout.ts";
import { earlyFilesFor } from "./trees/early/early-files.ts";
import { beginWithBase } from "./trees/kept/begin-with-base.ts";
import type { Base } from "./trees/kept/reuse.ts";
import { writeContent } from "../lib/index.ts";

/** What is in the workplace, complete but not yet published. */
export interface FromServer extends CheckedOut, Pick<Made, "cache"> {
  git: Git;
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
  const early = earlyFilesFor(making, preparing);
  try {
    const { bytes, redirectedTo, content, filter } = await phase("fetch", () => {
      const git = bothOrFirstError(opening, preparing).then(([one]) => one);
      return fetchObjects({ git, gitFolder, access, commit, ref, request, session, deadline, watch: early?.begin });
    });
    const git = await opening;
    given.push({ access, what: commit });
    const base = await preparing;
    // git asks for what was left out while it writes the files
    if (filter !== undefined) await finishConfig({ ...planOf(making, filter), originUrl: access.url.remote });
    const made = await phase("checkout", () => checkOut(making, git, { content, base, filter, early }));
    return {
      ...made,
      git,
      bytes: bytes + made.bytes,
      cache: "miss",
      ...(redirectedTo !== undefined && { redirectedTo }),
    };
  } finally {
    early?.stop();
  }
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
    const beginning = beginWithBase(making, cache);
    const early = earlyFilesFor(making, beginning);
    const [obtained, base] = await phase("fetch", () =>
      obtainBeside(beginning, obtainObjects({ ...options, watch: early?.begin })),
    ).catch((error: unknown) => {
      early?.stop();
      throw error;
    });
    try {
      return await phase("checkout", () => checkOutObtained(tools, obtained, { base, early }));
    } catch (error) {
      if (!first || obtained.exact || !isDamage(error)) throw error;
      await putAside(options, error);
      await making.workplace.reset();
      making.given.length = 0;
    } finally {
      early?.stop();
      await obtained.close();
    }
  }
}

/** What was obtained is let go of where the other fails: nobody goes on with it. */
async function obtainBeside<T>(other: Promise<T>, obtaining: Promise<Obtained>): Promise<[Obtained, T]> {
  try {
    return await bothOrFirstError(obtaining, other);
  } catch (error) {
    const obtained = await obtaining.catch(() => undefined);
    await obtained?.close();
    throw error;
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
  known: Pick<Known, "base" | "early">,
): Promise<FromServer> {
  const { access, workplace, given, request } = making;
  const { commit } = request.resolution;
  const gitFolder = join(workplace.tree, ".git");
  const lent = join(gitFolder, "objects/info/alternates");
  await prepareRepository(planOf(making), access.url.remote);
  given.push({ access, what: commit });
  if (!obtained.exact) await writeContent(lent, `${obtained.objects}\n`);
  await tellHistory(gitFolder, obtained, { making });
  const giving = giveObjects(gitFolder, obtained, { making, git });
  if (obtained.exact) await giving;
  const [made] = await bothOrFirstError(checkOut(making, git, { ...known, content: obtained.content }), giving);
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
