import { fetchByGit } from "./fetch-by-git.ts";
import type { Fetched, FetchOptions } from "./fetch-options.ts";

export type { Fetched, FetchOptions } from "./fetch-options.ts";

/**
 * Brings the commit and as much history as the request asks for: packs, the `shallow` file, and the branches and tags that go with it.
 * What arrived is this very commit, for git checks the name of what it receives. Throws GIT_REVISION_NOT_FOUND, GIT_TOO_LARGE,
 * GIT_CONTENT_REFUSED or what reaching the server threw.
 */
export async function fetchObjects(options: FetchOptions): Promise<Fetched> {
  return { ...(await fetchByGit(options)), way: "git" };
}
