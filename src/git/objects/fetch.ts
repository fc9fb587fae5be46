import { contextOf } from "../failures.ts";
import { redirectWarning } from "../http/redirect.ts";
import { openHttpSession } from "../server/http-session.ts";
import type { OpenSession } from "../server/open-session.ts";
import type { Session } from "../server/session.ts";
import { fetchByGit } from "./fetch-by-git.ts";
import { fetchByV2 } from "./fetch-by-v2.ts";
import type { Fetched, FetchOptions } from "./fetch-options.ts";

export type { Fetched, FetchOptions } from "./fetch-options.ts";

/**
 * Brings the commit and as much history as the request asks for: packs, the `shallow` file, and the branches and tags that go with it.
 * What arrived is this very commit, for git checks the name of what it receives. By protocol v2 over http(s), where the server speaks it,
 * and else by git, with the same result. Throws GIT_REVISION_NOT_FOUND, GIT_TOO_LARGE, GIT_CONTENT_REFUSED or what reaching the server threw.
 */
export async function fetchObjects(options: FetchOptions): Promise<Fetched> {
  const { access, request, deadline } = options;
  const overHttp = access.url.scheme === "https" || access.url.scheme === "http";
  if (!overHttp || request.network.fetchBy === "git") return { ...(await fetchByGit(options)), way: "git" };
  if (options.session !== undefined) return fetchOver(options.session, options);
  const session = await openHttpSession(access, request, deadline.signal);
  try {
    return await fetchOver(session, options);
  } finally {
    session.close();
  }
}

async function fetchOver(session: Session, options: FetchOptions): Promise<Fetched> {
  const { takeOver } = session as Partial<OpenSession>;
  const own = takeOver && (await fetchByV2({ ...options, takeOver }));
  if (own !== undefined && "bytes" in own) return { ...own, way: "v2", ...tellRedirect(session, options) };
  const byGit = await fetchByGit({ ...options, session });
  await own?.leaveToGit();
  return { ...byGit, way: "git" };
}

/** A redirect that resolving did not meet, or that nobody had asked about. */
function tellRedirect({ url }: Session, { access, request }: FetchOptions): Pick<Fetched, "redirectedTo"> {
  if (url === access.url.href) return {};
  const problem = { ...contextOf(request), ...redirectWarning(access, url) };
  request.onEvent?.({ phase: "warning", state: "end", problem });
  return { redirectedTo: url };
}
