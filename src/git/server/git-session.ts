import type { Access } from "../access.ts";
import { startDeadline } from "../deadline.ts";
import { isIncomplete, isUnadvertised } from "../process/git-failure.ts";
import { refsOfLines } from "./ls-refs.ts";
import { BowlineError } from "../../lib/index.ts";
import { makeEmptyRepository } from "../objects/empty-repository.ts";
import { openGit, type Git } from "../process/open-git.ts";
import { receivedBytes, tooLarge, watchBytes } from "../objects/byte-budget.ts";
import { withPrivateFolder } from "../process/private-folder.ts";
import type { GitRequest } from "../request.ts";
import type { OpenSession } from "./open-session.ts";
import type { Ref, ServerFeatures } from "./session.ts";
import { join } from "node:path";

/** A session over ssh or file: git speaks, one process for all references. */
export function openGitSession(access: Access, request: GitRequest, signal: AbortSignal): OpenSession {
  let all: Promise<Ref[]> | undefined;
  return {
    protocol: access.url.scheme === "ssh" ? "ssh" : "file",
    url: access.url.href,
    capabilities: new Set<string>(),
    async listRefs(prefixes) {
      const refs = await (all ??= listAllRefs({ access, request, signal }).catch((error: unknown) => {
        all = undefined;
        throw error;
      }));
      return refs.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
    },
    async hasObject(object) {
      return probeObject({ access, request, signal }, object);
    },
    features: () => askFeatures({ access, request, signal }),
    close: () => undefined,
  };
}

interface Reach {
  access: Access;
  request: GitRequest;
  signal: AbortSignal;
}

async function listAllRefs(reach: Reach): Promise<Ref[]> {
  return withGit(reach, async (git) => {
    const { stdout } = await git.run(["ls-remote", "--quiet", "--symref", "--", reach.access.url.remote]);
    return refsOfLines(stdout.toString("utf8").split("\n").filter(Boolean)) ?? [];
  });
}

/** git shows what a server said of itself in its trace only: a v2 line `fetch=shallow …`, or what follows the first reference. */
async function askFeatures(reach: Reach): Promise<ServerFeatures> {
  const deadline = startDeadline(reach.request.policy.timeouts.resolve, {
    what: `asking "${reach.access.url.text}" what it can do`,
    hint: "try again",
    signal: reach.signal,
  });
  const said: string[] = [];
  const onLine = (line: string): void => {
    const words = /^.*packet: +ls-remote< (?:fetch=|\S+ \S+\\0)(.*)$/.exec(line)?.[1];
    if (words !== undefined) said.push(...words.split(" "));
  };
  try {
    await withGit({ ...reach, signal: deadline.signal }, async (git) => {
      const words = ["ls-remote", "--quiet", "--", reach.access.url.remote, "refs/heads/bowline"];
      await git.run(words, { onLine, env: { GIT_TRACE_PACKET: "2" } });
    });
  } finally {
    deadline.clear();
  }
  return said.length === 0 ? {} : { shallow: said.includes("shallow"), filter: said.includes("filter") };
}

/** Asks for the object alone; as soon as a pack begins to come it is known to be there, and the rest is not waited for. */
async function probeObject(reach: Reach, object: string): Promise<boolean | undefined> {
  return withGit(reach, async (git, folder) => {
    const gitFolder = join(folder, "probe.git");
    await makeEmptyRepository({ gitFolder, commit: object, bare: true });
    const begun = new AbortController();
    const onLine = (line: string): void => {
      if (/^(remote: |Receiving|Unpacking)/.test(line)) begun.abort();
    };
    const what = ["--depth=1", "--filter=tree:0", "--no-tags", "--no-write-fetch-head", "--progress"];
    try {
      const signal = AbortSignal.any([reach.signal, begun.signal]);
      await git.run([`--git-dir=${gitFolder}`, "fetch", ...what, "--", reach.access.url.remote, object], {
        onLine,
        signal,
      });
      return true;
    } catch (error) {
      if (begun.signal.aborted && !reach.signal.aborted) return true;
      if (isUnadvertised(error)) return undefined;
      if (error instanceof BowlineError && error.code === "GIT_REVISION_NOT_FOUND") return false;
      throw error;
    }
  });
}

const SEARCH_TIME = 60_000;
const SEARCH_BYTES = 512 * 1024 * 1024;

/**
 * All commits that branches and tags reach and that begin with the digits, by fetching commits without their trees; unless `filtered`, for a dumb server
 * leaves out nothing, and git would then ask it for each object without end. Over any transport by git. Throws HOST_TIMEOUT after 60 s and GIT_TOO_LARGE over 512 MiB: then the whole commit has to be written.
 */
export async function commitsBeginningWith(
  digits: string,
  reach: Omit<Reach, "signal"> & { sample: string; filtered: boolean },
): Promise<string[]> {
  const url = reach.access.url.text;
  const deadline = startDeadline(SEARCH_TIME, {
    what: `looking for commits that begin with "${digits}"`,
    hint: "write the whole commit, 40 digits",
    signal: reach.request.signal,
  });
  try {
    return await withGit({ ...reach, signal: deadline.signal }, async (git, folder) => {
      const gitFolder = join(folder, "commits.git");
      await makeEmptyRepository({ gitFolder, commit: reach.sample, bare: true });
      const maxBytes = reach.request.policy.maxBytes ?? SEARCH_BYTES;
      const watch = watchBytes({ gitFolder, maxBytes, url });
      const signal = AbortSignal.any([deadline.signal, watch.signal]);
      const dir = `--git-dir=${gitFolder}`;
      const refspecs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
      const what = ["--no-tags", "--no-write-fetch-head", "--quiet"];
      const fetchBy = (filter: readonly string[]) =>
        git.run([dir, "fetch", ...what, ...filter, "--", reach.access.url.remote, ...refspecs], { signal });
      await fetchBy(reach.filtered ? ["--filter=tree:0"] : [])
        // of a tag of a tree git misses what is in that
        .catch((error: unknown) => (isIncomplete(error) ? fetchBy(["--filter=blob:none"]) : Promise.reject(error)))
        .finally(watch.stop);
      if ((await receivedBytes(gitFolder)) > maxBytes) throw tooLarge(url, maxBytes);
      const { stdout } = await git.run([dir, "rev-parse", `--disambiguate=${digits}`], { expected: [1, 128] });
      const types = await git.run([dir, "cat-file", "--batch-check=%(objecttype) %(objectname)"], { input: stdout });
      return [...types.stdout.toString().matchAll(/^commit ([0-9a-f]+)$/gm)].map((match) => match[1]!);
    });
  } finally {
    deadline.clear();
  }
}

async function withGit<T>(reach: Reach, use: (git: Git, folder: string) => Promise<T>): Promise<T> {
  return withPrivateFolder(async (folder) => {
    const git = await openGit({ ...reach.request, access: reach.access, folder, signal: reach.signal });
    try {
      return await use(git, folder);
    } finally {
      await git.close();
    }
  });
}
