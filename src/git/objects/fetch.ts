import { warn } from "../failures.ts";
import { isHttp } from "../http/place.ts";
import { redirectWarning } from "../http/redirect.ts";
import { openHttpSession } from "../server/http-session.ts";
import type { OpenSession } from "../server/open-session.ts";
import type { Session } from "../server/session.ts";
import { noCommit } from "../trees/commit-details.ts";
import { fetchByGit } from "./fetch-by-git.ts";
import { fetchByV2 } from "./fetch-by-v2.ts";
import type { EarlyFetchOptions, Fetched, FetchOptions } from "./fetch-options.ts";

export type { Fetched, FetchOptions } from "./fetch-options.ts";

/**
 * Brings the commit and as much history as the request asks for: packs, the `shallow` file, and the branches and tags that go with it.
 * What arrived is this very commit, for git checks the name of what it receives. By protocol v2 over http(s), where the server speaks it,
 * and else by git, with the same result. Throws GIT_REVISION_NOT_FOUND, GIT_TOO_LARGE, GIT_CONTENT_REFUSED or what reaching the server threw.
 */
export async function fetchObjects(options: EarlyFetchOptions): Promise<Fetched> {
  // it may fail while the server is still spoken to, before anybody waits for it
  Promise.resolve(options.git).catch(() => undefined);
  try {
    const fetched = await fetchSomehow(options);
    if (fetched.content === undefined) await refuseOtherObject(options);
    return fetched;
  } finally {
    // nobody is to write to the folder any more
    await Promise.allSettled([options.git]);
  }
}

/** A tag, tree or file has a name of the same form, and servers give it: nothing of it is kept, nor taken for damage of what is. */
async function refuseOtherObject({ git, gitFolder, commit, access }: EarlyFetchOptions): Promise<void> {
  const command = [`--git-dir=${gitFolder}`, "cat-file", "-t", commit];
  const { stdout } = await (await git).run(command, { expected: [128] });
  if (stdout.toString().trim() !== "commit") throw noCommit(commit, access.url.text);
}

async function fetchSomehow(options: EarlyFetchOptions): Promise<Fetched> {
  const { access, request, deadline, git } = options;
  if (!isHttp(access.url) || request.network.fetchBy === "git") return byGit({ ...options, git: await git });
  if (options.session !== undefined) return fetchOver(options.session, options);
  const session = await openHttpSession(access, request, deadline.signal);
  try {
    return await fetchOver(session, options);
  } finally {
    session.close();
  }
}

async function fetchOver(session: Session, options: EarlyFetchOptions): Promise<Fetched> {
  const { takeOver } = session as Partial<OpenSession>;
  const own = takeOver && (await fetchByV2({ ...options, takeOver }));
  if (own !== undefined && "bytes" in own) return { ...own, way: "v2", ...tellRedirect(session, options) };
  const fetched = await byGit({ ...options, session, git: await options.git });
  await own?.leaveToGit();
  return fetched;
}

async function byGit(options: FetchOptions): Promise<Fetched> {
  return { ...(await fetchByGit(options)), way: "git" };
}

/** A redirect that resolving did not meet, or that nobody had asked about. */
function tellRedirect({ url }: Session, { access, request }: EarlyFetchOptions): Pick<Fetched, "redirectedTo"> {
  if (url === access.url.href) return {};
  warn(request, redirectWarning(access, url));
  return { redirectedTo: url };
}
