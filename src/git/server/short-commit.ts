import { join } from "node:path";
import type { Access } from "../access.ts";
import { startDeadline } from "../deadline.ts";
import { receivedBytes, tooLarge, watchBytes } from "../objects/byte-budget.ts";
import { makeEmptyRepository } from "../objects/empty-repository.ts";
import { isIncomplete } from "../process/git-failure.ts";
import type { Git } from "../process/open-git.ts";
import { withGit } from "../process/with-git.ts";
import type { GitRequest } from "../request.ts";

export interface ShortCommitSearch {
  access: Access;
  request: GitRequest;
  /** Any object of the repository, for the format. */
  sample: string;
  /** Whether the server is asked to leave out trees. A dumb one does not, and git would then ask it for each object without end. */
  filtered: boolean;
}

const SEARCH_TIME = 60_000;
const SEARCH_BYTES = 512 * 1024 * 1024;

/**
 * All commits that branches and tags reach and that begin with the digits, by fetching every commit: over any transport, by git. Throws HOST_TIMEOUT after
 * 60 s and GIT_TOO_LARGE over 512 MiB: then the whole commit has to be written.
 */
export async function commitsBeginningWith(digits: string, search: ShortCommitSearch): Promise<string[]> {
  const { access, request, sample } = search;
  const deadline = startDeadline(SEARCH_TIME, {
    what: `looking for commits that begin with "${digits}"`,
    hint: "write the whole commit, 40 digits",
    signal: request.signal,
  });
  try {
    return await withGit({ ...request, access, signal: deadline.signal }, async (git, folder) => {
      const gitFolder = join(folder, "commits.git");
      await makeEmptyRepository({ gitFolder, commit: sample, bare: true });
      await fetchCommits(git, gitFolder, search);
      const dir = `--git-dir=${gitFolder}`;
      const { stdout } = await git.run([dir, "rev-parse", `--disambiguate=${digits}`], { expected: [1, 128] });
      const types = await git.run([dir, "cat-file", "--batch-check=%(objecttype) %(objectname)"], { input: stdout });
      return [...types.stdout.toString().matchAll(/^commit ([0-9a-f]+)$/gm)].map((match) => match[1]!);
    });
  } finally {
    deadline.clear();
  }
}

async function fetchCommits(git: Git, gitFolder: string, search: ShortCommitSearch): Promise<void> {
  const { access, request, filtered } = search;
  const url = access.url.text;
  const maxBytes = request.policy.maxBytes ?? SEARCH_BYTES;
  const { signal, stop } = watchBytes({ gitFolder, maxBytes, url });
  const refspecs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
  const what = ["--no-tags", "--no-write-fetch-head", "--quiet"];
  const fetchBy = (filter: readonly string[]) =>
    git.run([`--git-dir=${gitFolder}`, "fetch", ...what, ...filter, "--", access.url.remote, ...refspecs], { signal });
  await fetchBy(filtered ? ["--filter=tree:0"] : [])
    // of a tag of a tree git misses what is in that
    .catch((error: unknown) => (isIncomplete(error) ? fetchBy(["--filter=blob:none"]) : Promise.reject(error)))
    .finally(stop);
  if ((await receivedBytes(gitFolder)) > maxBytes) throw tooLarge(url, maxBytes);
}
