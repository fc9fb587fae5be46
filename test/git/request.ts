import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { DEFAULT_POLICY, type Policy } from "../../src/config/index.ts";
import type { Credential } from "../../src/connections/index.ts";
import { materialize, resolve, type CodeReference, type GitEvent, type GitRequest } from "../../src/git/index.ts";
import { openGit, type Git } from "../../src/git/process/open-git.ts";
import { BowlineError } from "../../src/lib/index.ts";
import { inScope } from "../../src/connections/index.ts";
import { temporaryFolder, type GitServer } from "../support/index.ts";

export const TOKEN = "t@k/e#n?with 100%+:";

/** Who fetches: the suites that fetch run once more with BOWLINE_GIT_FETCH=git (vitest.config.ts). */
export const WAY = process.env["BOWLINE_GIT_FETCH"] === "git" ? "git" : "v2";

/** No proxy and no certificates of the machine's, and the way of this run. */
export function networkOfTest(): GitRequest["network"] {
  return { searchPath: process.env["PATH"]!, ...(WAY === "git" && { fetchBy: "git" }) };
}

/** A repository with an attribute by which all of its files are git's to write: none is written early. */
export async function addForGit(server: GitServer): Promise<{ url: string; commit: string }> {
  const files = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`d${at % 9}/f${at}`, `${at}\n`]));
  const attributes = { ".gitattributes": "*.bat eol=crlf\n", "run.bat": "one\n" };
  const { commits } = await server.add("org/test", { commits: [{ files: { ...files, ...attributes } }] });
  return { url: `${server.url}/org/test`, commit: commits["main"]! };
}

/** A git that goes nowhere. */
export async function openGitOfTest(): Promise<Git> {
  const folder = await temporaryFolder();
  return openGit({ folder, network: networkOfTest(), policy: DEFAULT_POLICY, signal: AbortSignal.timeout(20_000) });
}

/** For a server that is never to answer: each wait ends as soon as a test can tell it from another. */
export const IMPATIENT: Policy = {
  ...DEFAULT_POLICY,
  timeouts: { connect: 1_500, stall: 1_500, resolve: 4_000, materialize: 6_000 },
};

/** A request with the defaults of a laptop, as quick as a test wants it. */
export function requestFor(url: string, more: Partial<GitRequest> & { events?: GitEvent[] } = {}): GitRequest {
  const { events, ...rest } = more;
  return {
    url,
    options: { history: 1, tags: false, submodules: false, lfs: false, sparse: [] },
    findCredential: () => Promise.resolve(undefined),
    policy: DEFAULT_POLICY,
    network: networkOfTest(),
    ...(events && { onEvent: (event) => void events.push(event) }),
    ...rest,
  };
}

/** A finder with one token for everything below a prefix. */
export function tokenFor(scope: string, more: Partial<Credential> = {}): GitRequest["findCredential"] {
  const credential: Credential = {
    scope,
    source: 'connection "repo-test"',
    http: { kind: "basic", username: "ada", password: TOKEN },
    secretValues: [TOKEN],
    ...more,
  };
  return (url) => Promise.resolve(inScope(scope, url) ? credential : undefined);
}

/** Resolves and materializes into a new folder. */
export async function fetchCode(request: GitRequest): Promise<{ target: string; reference: CodeReference }> {
  const target = join(await temporaryFolder(), "repo");
  const reference = await materialize({ ...request, resolution: await resolve(request), target });
  return { target, reference };
}

/** Resolves and materializes into a new folder; gives the error, which must be ours, and nothing may be left where the target would be. */
export async function refused(asked: GitRequest, pin?: { commit: string }): Promise<BowlineError> {
  const target = join(await temporaryFolder(), "repo");
  const error: unknown = await Promise.resolve(pin ?? resolve(asked))
    .then((resolution) => materialize({ ...asked, resolution, target }))
    .then(
      ({ commit }) => `fetched ${commit}`,
      (thrown: unknown) => thrown,
    );
  expect(error).toBeInstanceOf(BowlineError);
  expect(error).not.toMatchObject({ code: "INTERNAL" });
  expect(await readdir(dirname(target))).toEqual([]);
  return error as BowlineError;
}

/** The Authorization headers that a server was sent, each once. */
export function authorizationsOf({ requests }: GitServer): (string | undefined)[] {
  return [...new Set(requests.map(({ headers }) => headers.authorization))];
}
