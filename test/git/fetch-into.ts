import { readdir } from "node:fs/promises";
import { openAccess } from "../../src/git/access.ts";
import { startDeadline } from "../../src/git/deadline.ts";
import type { GitRequest } from "../../src/git/index.ts";
import { makeEmptyRepository } from "../../src/git/objects/empty-repository.ts";
import { fetchObjects, type Fetched, type FetchOptions } from "../../src/git/objects/fetch.ts";
import { openGit } from "../../src/git/process/open-git.ts";
import { temporaryFolder } from "../support/index.ts";

type More = Partial<Pick<FetchOptions, "commit" | "ref" | "haves" | "session">>;

/** Fetches into a bare repository, which is made where the folder is empty. */
export async function fetchInto(
  gitFolder: string,
  request: GitRequest,
  more: More & { commit: string },
): Promise<Fetched> {
  const access = await openAccess(request.url, request);
  const { commit } = more;
  if ((await readdir(gitFolder)).length === 0) {
    const promisor = request.options.sparse.length > 0 || request.options.history === "commits" ? "origin" : undefined;
    const config = `[remote "origin"]\n\turl = ${access.url.remote}\n\tpromisor = ${promisor !== undefined}\n`;
    await makeEmptyRepository({ gitFolder, commit, bare: true, config, ...(promisor && { promisor }) });
  }
  const deadline = startDeadline(request.policy.timeouts.materialize, {
    what: "the test",
    hint: "",
    signal: request.signal,
  });
  const folder = await temporaryFolder();
  const opened = await openGit({ ...request, access, folder, signal: deadline.signal });
  try {
    return await fetchObjects({ ...more, git: opened, gitFolder, access, request, deadline });
  } finally {
    deadline.clear();
    await opened.close();
  }
}
