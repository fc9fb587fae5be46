import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { planOf, sessionOf, warn, type Given, type Made, type Making, type Phases } from "./making.ts";
import { fetchObjects } from "./objects/fetch.ts";
import { checkGitVersion } from "./process/git-version.ts";
import { openGit, type Git } from "./process/open-git.ts";
import { checkBudget, checkWritten } from "./trees/budget.ts";
import { configText, finishConfig, pointHead, prepareRepository, writeFiles } from "./trees/checkout.ts";
import { readCommit } from "./trees/commit-details.ts";
import { addContents } from "./trees/lfs.ts";
import { addSubmodules } from "./trees/submodules.ts";
import { warnOfVersionFromGit } from "./trees/version-from-git.ts";
import type { Problem } from "../lib/index.ts";

/** What is in the workplace, complete but not yet published. */
export interface FromServer extends Omit<Made, "timings" | "cache"> {
  warnings: Problem[];
  configTail: string;
  git: Git;
}

/** Fetches the commit into the workplace and checks it out there; then `use` gets it, while git can still be started. */
export async function fromServer<T>(making: Making, phase: Phases, use: (made: FromServer) => Promise<T>): Promise<T> {
  const { request, access, workplace, deadline } = making;
  await checkGitVersion(request.network);
  const git = await openGit({ ...request, access, folder: workplace.folder, signal: deadline.signal });
  try {
    const { commit, ref } = request.resolution;
    const { tree: repository } = workplace;
    const { bytes, redirectedTo } = await phase("fetch", async () => {
      await prepareRepository(planOf(making), access.url.remote);
      const session = sessionOf(request);
      const gitFolder = join(repository, ".git");
      return fetchObjects({ git, gitFolder, access, commit, ref, request, session, deadline });
    });
    making.given.push({ access, what: commit });
    const made = await phase("checkout", () => checkOut(making, git));
    for (const problem of made.warnings) warn(request, problem);
    return await use({ ...made, git, bytes: bytes + made.bytes, ...(redirectedTo !== undefined && { redirectedTo }) });
  } finally {
    await git.close();
  }
}

/** The files, their LFS contents and submodules; `bytes` are those that came for these. */
async function checkOut(making: Making, git: Git): Promise<Omit<FromServer, "git">> {
  const { request, access, workplace, deadline, given } = making;
  const { policy, url } = request;
  const { commit } = request.resolution;
  const { tree: repository, folder } = workplace;
  const plan = planOf(making);
  const withoutContents = plan.filter !== undefined;
  await checkBudget({ git, repository, commit, url, policy, withoutContents });
  await pointHead(plan);
  const [details] = await bothOrFirstError(readCommit(git, { repository, commit, url }), writeFiles(git, plan));
  if (withoutContents) await checkWritten({ repository, url, policy });
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
  };
}

/** The name of a commit's LFS contents, beside that of the commit. */
function lfsOf(commit: string): Given["what"] {
  return `lfs of ${commit}`;
}

/** Waits for both, so that no git is left running in a folder that is about to be removed; then throws the first error. */
async function bothOrFirstError<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
}
