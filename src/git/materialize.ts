import { join } from "node:path";
import { openAccess, type Access } from "./access.ts";
import { checkBudget, checkWritten } from "./trees/budget.ts";
import { finishConfig, pointHead, prepareRepository, writeFiles, type RepositoryPlan } from "./trees/checkout.ts";
import type { CodeReference } from "./code-reference.ts";
import { readCommit } from "./trees/commit-details.ts";
import { startDeadline, type Deadline } from "./deadline.ts";
import { located } from "./failures.ts";
import { reached } from "./http/redirect.ts";
import { fetchObjects } from "./objects/fetch.ts";
import { filterFor } from "./objects/fetch-by-git.ts";
import { checkGitVersion } from "./process/git-version.ts";
import { openGit } from "./process/open-git.ts";
import { addContents } from "./trees/lfs.ts";
import { addSubmodules } from "./trees/submodules.ts";
import type { MaterializeRequest, Resolution } from "./request.ts";
import { openWorkplace, type Workplace } from "./target.ts";
import { warnOfVersionFromGit } from "./trees/version-from-git.ts";
import { BowlineError, isFullCommit, parseRevision, type Problem } from "../lib/index.ts";

/**
 * Puts the commit's tree, with a small repository around it, into the target: all of it or nothing. Closes the resolution's session.
 * Throws a BowlineError with the request's connection and place.
 */
export async function materialize(request: MaterializeRequest): Promise<CodeReference> {
  const { policy, resolution, target } = request;
  const deadline = startDeadline(policy.timeouts.materialize, {
    what: `fetching "${request.url}"`,
    hint: "try again, or ask for less history; policy.timeouts.materialize sets the time",
    signal: request.signal,
  });
  let workplace: Workplace | undefined;
  try {
    checkPin(resolution);
    await checkGitVersion(request.network);
    const access = reached(await openAccess(request.url, request), resolution.redirectedTo);
    workplace = await openWorkplace(target);
    return await build({ request, access, workplace, deadline });
  } catch (error) {
    throw located(error, request);
  } finally {
    deadline.clear();
    await workplace?.remove();
    sessionOf(resolution)?.close();
  }
}

/** A pin comes from a record, and a reference from the server's own words: both become paths and arguments of git. */
function checkPin({ commit, ref }: MaterializeRequest["resolution"]): void {
  const isReference = ref === undefined || parseRevision(ref).kind === "ref";
  if (isFullCommit(commit) && isReference) return;
  throw new BowlineError({
    code: "GIT_REVISION_INVALID",
    message: `the pin ${JSON.stringify({ commit, ref }).slice(0, 200)} is no commit with its reference`,
    hint: "resolve the revision again",
  });
}

interface Build {
  request: MaterializeRequest;
  access: Access;
  workplace: Workplace;
  deadline: Deadline;
}

async function build({ request, access, workplace, deadline }: Build): Promise<CodeReference> {
  const { resolution, policy } = request;
  const { commit, ref } = resolution;
  const { tree: repository, folder } = workplace;
  const git = await openGit({ ...request, access, folder, signal: deadline.signal });
  try {
    const filter = filterFor(request.options);
    const shallow = typeof request.options.history === "number";
    const plan: RepositoryPlan = {
      repository,
      commit,
      ref,
      originUrl: request.url.trim(),
      shallow,
      filter,
      sparse: request.options.sparse,
    };
    const phase = phases(request);
    const { bytes } = await phase("fetch", async () => {
      await prepareRepository(plan, access.url.remote);
      const gitFolder = join(repository, ".git");
      return fetchObjects({ git, gitFolder, access, commit, ref, request, session: sessionOf(resolution), deadline });
    });
    const { details, contents, added } = await phase("checkout", async () => {
      const url = request.url;
      await checkBudget({ git, repository, commit, url, policy, withoutContents: filter !== undefined });
      await pointHead(plan);
      const [read] = await bothOrFirstError(readCommit(git, { repository, commit, url }), writeFiles(git, plan));
      if (filter !== undefined) await checkWritten({ repository, url, policy });
      const tree = { request, access, commit, tree: repository, git, folder, signal: deadline.signal };
      const lfs = await addContents(tree);
      await finishConfig(plan);
      const gitFolder = join(repository, ".git");
      return { details: read, contents: lfs, added: await addSubmodules({ ...tree, gitFolder, materialize }) };
    });
    if (shallow) warn(request, await warnOfVersionFromGit(repository));
    for (const warning of contents.warnings) warn(request, warning);
    await phase("copy", () => workplace.publish());
    return {
      ...{ ...describe(request), ...details },
      ...(added.submodules.length > 0 && { submodules: added.submodules }),
      bytes: bytes + contents.bytes + added.bytes,
      timings: { resolve: tookOf(resolution), ...phase.timings },
    };
  } finally {
    await git.close();
  }
}

/** Waits for both, so that no git is left running in a folder that is about to be removed; then throws the first error. */
async function bothOrFirstError<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
}

interface Phases {
  <T>(name: "fetch" | "checkout" | "copy", work: () => Promise<T>): Promise<T>;
  /** Milliseconds. */
  timings: { fetch: number; checkout: number; copy: number };
}

function phases({ onEvent }: MaterializeRequest): Phases {
  const timings = { fetch: 0, checkout: 0, copy: 0 };
  async function phase<T>(name: keyof typeof timings, work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    onEvent?.({ phase: name, state: "start" });
    const result = await work();
    timings[name] = Math.round(performance.now() - started);
    onEvent?.({ phase: name, state: "end" });
    return result;
  }
  return Object.assign(phase, { timings });
}

function describe(
  request: MaterializeRequest,
): Omit<CodeReference, "tree" | "author" | "date" | "subject" | "bytes" | "timings"> {
  const { connection, revision, resolution, target, shownPath } = request;
  return {
    ...(connection !== undefined && { connection }),
    url: request.url.trim(),
    ...(resolution.redirectedTo !== undefined && { redirectedTo: resolution.redirectedTo }),
    ...(revision !== undefined && { revision }),
    ...(resolution.ref !== undefined && { ref: resolution.ref }),
    commit: resolution.commit,
    path: shownPath ?? target,
    by: "engine",
    history: request.options.history,
    cache: "miss",
    at: new Date().toISOString(),
  };
}

function warn({ onEvent, connection, place }: MaterializeRequest, problem: Problem | undefined): void {
  if (problem === undefined) return;
  const context = { ...(connection !== undefined && { connection }), ...(place !== undefined && { place }) };
  onEvent?.({ phase: "warning", state: "end", problem: { ...context, ...problem } });
}

function sessionOf(resolution: MaterializeRequest["resolution"]): Resolution["session"] | undefined {
  return "session" in resolution ? resolution.session : undefined;
}

function tookOf(resolution: MaterializeRequest["resolution"]): number {
  return "took" in resolution ? resolution.took : 0;
}
