import type { GitOptions } from "../../spec/index.ts";
import { BowlineError } from "../../lib/index.ts";
import { isHttp } from "../http/place.ts";
import { receivedBytes, tooLarge, watchBytes } from "./byte-budget.ts";
import { isDumbHttp, isFilterIgnored, isUnadvertised } from "../process/git-failure.ts";
import { withRetries } from "../retry.ts";
import { openHttpSession } from "../server/http-session.ts";
import { mayFilter, type Session } from "../server/session.ts";
import { retryAfterOf } from "../failures.ts";
import { FETCH_TRIES, type Fetched, type FetchOptions } from "./fetch-options.ts";
import { filterFor } from "./filter.ts";
import { packLooseObjects } from "./pack-loose.ts";
import { progressOf } from "./progress.ts";
import { unlockShallow } from "./shallow-file.ts";

/** The same as fetchObjects, by git, over any transport that it knows. */
export async function fetchByGit(options: FetchOptions): Promise<Pick<Fetched, "bytes" | "filter">> {
  const { request, gitFolder, deadline } = options;
  const before = await receivedBytes(gitFolder);
  const filter = await withRetries(() => fetchOnce(options).catch((error: unknown) => askForWait(error, options)), {
    url: options.access.url,
    request,
    deadline,
    tries: FETCH_TRIES,
  });
  await packLooseObjects(options.git, gitFolder);
  const bytes = (await receivedBytes(gitFolder)) - before;
  const { maxBytes } = request.policy;
  if (maxBytes !== undefined && bytes > maxBytes) throw tooLarge(request.url, maxBytes);
  return { bytes, filter };
}

/** What the server is asked to leave out, and what it did leave out. */
type Filter = Fetched["filter"];

interface FilteredFetch extends FetchOptions {
  filter: Filter;
}

async function fetchOnce(asked: FetchOptions): Promise<Filter> {
  const session = await sessionFor(asked);
  const options = { ...asked, session, filter: filterAt(session, asked.request.options) };
  let isDumb = options.session?.protocol === "dumb";
  // without a reference it may be a tip, which every server gives, and of which git has the list
  if (givesAnyCommit(options.session) || (asked.ref === undefined && !isDumb)) {
    try {
      return await runFetch(options, { wanted: options.commit, ...shape(options.request.options) });
    } catch (error) {
      // Without a session this is the first that is heard of the server.
      isDumb = isDumbHttp(error);
      if (!isDumb && !isUnadvertised(error)) throw error;
    }
  }
  return fetchByReference(options, isDumb);
}

/**
 * Before a filter is asked for it has to be known that the server is no dumb one: git notes `origin` as promisor before it has spoken with it, and then asks
 * a dumb one for every object that is not here yet, by a fetch that does the same, without end.
 */
async function sessionFor({ session, access, request, deadline }: FetchOptions): Promise<Session | undefined> {
  const isTold = session !== undefined && session.capabilities.size > 0;
  if (isTold || filterFor(request.options) === undefined || !isHttp(access.url)) return session;
  const asking = await openHttpSession(access, request, deadline.signal);
  try {
    await asking.listRefs(["HEAD"]);
    return asking;
  } finally {
    asking.close();
  }
}

/** A v0 server's words for: any object, by its name. */
const GIVES_ANY = ["allow-tip-sha1-in-want", "allow-reachable-sha1-in-want"];

/** A dumb server leaves out nothing, and a v0 server gives what it left out only if it gives any object by its name: git's own then says both words. */
function filterAt(session: FetchOptions["session"], options: GitOptions): Filter {
  if (session !== undefined && !mayFilter(session)) return undefined;
  const givesAny = GIVES_ANY.every((word) => session?.capabilities.has(word));
  return session?.protocol !== "v0" || givesAny ? filterFor(options) : undefined;
}

/** git does not tell what a busy host asks to wait: it is asked for that once more, by ourselves. Throws in any case. */
async function askForWait(error: unknown, { access, request, deadline }: FetchOptions): Promise<never> {
  const isBusy = error instanceof BowlineError && error.code === "HOST_BUSY" && retryAfterOf(error) === undefined;
  if (!isBusy || !isHttp(access.url)) throw error;
  const session = await openHttpSession(access, request, deadline.signal);
  const told: unknown = await session.listRefs(["HEAD"]).catch((thrown: unknown) => thrown);
  session.close();
  throw told instanceof BowlineError && retryAfterOf(told) !== undefined ? told : error;
}

/** A v0 server gives what its references point to, and more only if it says so; dumb http has no idea of a single commit. */
function givesAnyCommit(session: FetchOptions["session"]): boolean {
  if (session?.protocol === "dumb") return false;
  if (session?.protocol !== "v0") return true;
  return ["allow-reachable-sha1-in-want", "allow-any-sha1-in-want"].some((one) => session.capabilities.has(one));
}

/** Where a commit cannot be asked for by name: the reference it was found by, then the whole of it, then everything. */
async function fetchByReference(options: FilteredFetch, isDumb: boolean): Promise<Filter> {
  const { ref, request } = options;
  const full = { depth: undefined, tags: true, everything: true };
  const shallow = shape(request.options);
  if (ref !== undefined && shallow.depth !== undefined && !isDumb) {
    const filter = await runFetch(options, { wanted: ref, ...shallow });
    if (await hasCommit(options)) return filter;
  }
  const filter = await runFetch(options, { ...(ref !== undefined && { wanted: ref }), ...full, unshallow: true });
  if (await hasCommit(options)) return filter;
  throw new BowlineError({
    code: "GIT_REVISION_NOT_FOUND",
    message: `"${options.access.url.text}" has no commit "${options.commit}" on any branch or tag`,
    hint: "check whether it was pushed; this server gives out only what a branch or tag leads to",
  });
}

interface Shape {
  depth: number | undefined;
  tags: boolean;
  /** All branches. */
  everything: boolean;
}

function shape({ history, tags }: GitOptions): Shape {
  const everything = typeof history !== "number";
  return { depth: everything ? undefined : history, tags: tags || everything, everything };
}

async function runFetch(
  options: FilteredFetch,
  what: Shape & { wanted?: string; unshallow?: boolean },
): Promise<Filter> {
  const { git, gitFolder, request, ref, filter, haves = [] } = options;
  const refspecs = [
    ...(what.wanted === undefined ? [] : [what.wanted]),
    ...(what.everything ? ["+refs/heads/*:refs/remotes/origin/*"] : []),
    // the tag itself, so that the job can see which one it has
    ...(ref?.startsWith("refs/tags/") === true && !what.tags ? [`+${ref}:${ref}`] : []),
  ];
  const flags = [
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    what.tags ? "--tags" : "--no-tags",
    ...(what.depth === undefined ? [] : [`--depth=${what.depth}`]),
    ...(what.unshallow === true && (await isShallow(options)) ? ["--unshallow"] : []),
    // git keeps in mind what it was asked to leave out before
    filter === undefined ? "--no-filter" : `--filter=${filter}`,
    ...haves.map((commit) => `--negotiation-tip=${commit}`),
    "--progress",
  ];
  await unlockShallow(gitFolder);
  let bytes = 0;
  const watch = watchBytes({
    gitFolder,
    maxBytes: request.policy.maxBytes,
    url: request.url,
    onBytes: (now) => (bytes = now),
  });
  // over ssh nobody has told yet what the server gives: its first words do
  const untold = filter !== undefined && !isHttp(options.access.url);
  const keepsBack = new AbortController();
  const signal = AbortSignal.any([options.deadline.signal, watch.signal, keepsBack.signal]);
  const onLine = (line: string): void => {
    if (untold && isKeptBack(line)) keepsBack.abort(new Error("it gives nothing later that it leaves out"));
    const event = progressOf(line, bytes);
    if (event !== undefined) request.onEvent?.(event);
  };
  const env = untold ? { GIT_TRACE_PACKET: "2" } : {};
  try {
    const command = [`--git-dir=${gitFolder}`, "fetch", ...flags, "--", "origin", ...refspecs];
    const { stderr } = await git.run(command, { signal, onLine, env });
    return isFilterIgnored(stderr) ? undefined : filter;
  } catch (error) {
    if (!keepsBack.signal.aborted || options.deadline.signal.aborted || watch.signal.aborted) throw error;
    return await runFetch({ ...options, filter: undefined }, what);
  } finally {
    watch.stop();
  }
}

/** Whether these are the first words of a v0 server (gitprotocol-pack, "Reference Discovery"), of one that gives no object by its name. */
function isKeptBack(line: string): boolean {
  const words = /packet: +fetch< [0-9a-f]{40,64} \S+\\0(.*)$/.exec(line)?.[1]?.split(" ");
  return words !== undefined && !GIVES_ANY.every((word) => words.includes(word));
}

async function isShallow({ git, gitFolder }: FetchOptions): Promise<boolean> {
  const { stdout } = await git.run([`--git-dir=${gitFolder}`, "rev-parse", "--is-shallow-repository"]);
  return stdout.toString().trim() === "true";
}

async function hasCommit({ git, gitFolder, commit }: FetchOptions): Promise<boolean> {
  const command = [`--git-dir=${gitFolder}`, "cat-file", "-e", `${commit}^{commit}`];
  const { code } = await git.run(command, { expected: [1, 128] });
  return code === 0;
}
