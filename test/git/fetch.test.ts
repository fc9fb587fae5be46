import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { resolve, type GitRequest } from "../../src/git/index.ts";
import { openAccess } from "../../src/git/access.ts";
import { startDeadline } from "../../src/git/deadline.ts";
import { makeEmptyRepository } from "../../src/git/objects/empty-repository.ts";
import { fetchObjects, type Fetched, type FetchOptions } from "../../src/git/objects/fetch.ts";
import { openGit } from "../../src/git/process/open-git.ts";
import { git, startGitServer, temporaryFolder, type GitServer, type GitServerOptions } from "../support/index.ts";
import { fetchCode, networkOfTest, requestFor, TOKEN, tokenFor } from "./request.ts";

const servers: GitServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(options: GitServerOptions = {}): Promise<GitServer> {
  const server = await startGitServer(options);
  servers.push(server);
  return server;
}

type More = Partial<Pick<FetchOptions, "commit" | "ref" | "haves" | "session">>;

/** Fetches into a bare repository, which may be there already. */
async function fetchInto(gitFolder: string, request: GitRequest, more: More & { commit: string }): Promise<Fetched> {
  const access = await openAccess(request.url, request);
  const { commit } = more;
  if ((await readdir(gitFolder)).length === 0) {
    const promisor = request.options.sparse.length > 0 || request.options.history === "commits" ? "origin" : undefined;
    const config = `[remote "origin"]\n\turl = ${access.url.remote}\n\tpromisor = ${promisor !== undefined}\n`;
    await makeEmptyRepository({ gitFolder, commit, bare: true, config, ...(promisor && { promisor }) });
  }
  const deadline = startDeadline(20_000, { what: "the test", hint: "" });
  const folder = await temporaryFolder();
  const opened = await openGit({ ...request, access, folder, signal: deadline.signal });
  try {
    return await fetchObjects({ git: opened, gitFolder, access, request, deadline, ...more });
  } finally {
    deadline.clear();
    await opened.close();
  }
}

/** What is in a repository, whichever way it came in. */
async function contentOf(gitFolder: string, commit: string): Promise<unknown> {
  const dir = `--git-dir=${gitFolder}`;
  const names = (await readdir(join(gitFolder, "objects/pack"))).map((name) => name.replace(/[0-9a-f]{40,}/, "X"));
  const reached = await git(gitFolder, [dir, "rev-list", "--objects", "--missing=print", "--all", commit]);
  return {
    refs: await git(gitFolder, [dir, "for-each-ref"]),
    shallow: (await readFile(join(gitFolder, "shallow"), "utf8").catch(() => "none")).split("\n").toSorted(),
    reached: reached.split("\n").toSorted(),
    fsck: await git(gitFolder, [dir, "fsck", "--strict"]),
    packs: names.filter((name) => !name.endsWith(".rev")).toSorted(),
  };
}

const HISTORY = {
  commits: [
    { name: "first", files: { a: "1", "d/e": "old\n" } },
    { name: "second", files: { a: "2", "d/e": "new\n" } },
    { files: { a: "3" } },
    { branch: "side/two", from: "first", files: { b: "1" } },
  ],
  tags: { light: "second" },
  annotatedTags: { annotated: "first" },
};

describe("by the engine's own protocol there comes what comes by git", () => {
  const shapes: [
    string,
    Partial<GitRequest["options"]>,
    { revision?: string; objectFormat?: "sha256"; oldest?: true },
  ][] = [
    ["one commit", {}, {}],
    ["two commits", { history: 2 }, {}],
    ["more commits than there are", { history: 99 }, {}],
    ["all tags beside one commit", { tags: true }, {}],
    ["everything", { history: "full" }, { revision: "main" }],
    ["everything, for a branch behind a slash", { history: "full" }, { revision: "side/two" }],
    ["everything of a repository with one branch, for a commit", { history: "full" }, { oldest: true }],
    ["commits without contents", { history: "commits" }, { revision: "main" }],
    ["some folders", { sparse: ["d"] }, {}],
    ["a light tag", {}, { revision: "light" }],
    ["an annotated tag", {}, { revision: "annotated" }],
    ["sha256 objects", {}, { objectFormat: "sha256" }],
    ["everything of sha256 objects", { history: "full" }, { objectFormat: "sha256" }],
  ];
  it.each(shapes)("%s", async (_, options, { oldest, objectFormat, ...named }) => {
    const server = await serve();
    const history = oldest === true ? { commits: HISTORY.commits.slice(0, 3) } : HISTORY;
    const { commits } = await server.add("org/test", { ...history, ...(objectFormat && { objectFormat }) });
    const revision = oldest === true ? commits["first"] : named.revision;
    const results = [];
    for (const fetchBy of ["v2", "git"] as const) {
      const network = { ...networkOfTest(), ...(fetchBy === "git" && { fetchBy }) };
      const request = requestFor(`${server.url}/org/test.git`, { network, ...(revision && { revision }) });
      Object.assign(request, { options: { ...request.options, ...options } });
      const { commit, ref, session } = await resolve(request);
      const gitFolder = await temporaryFolder();
      const { way, bytes } = await fetchInto(gitFolder, request, { commit, ref, session });
      session.close();
      expect(way).toBe(fetchBy);
      expect(bytes).toBeGreaterThan(100);
      results.push(await contentOf(gitFolder, commit));
    }
    expect(results[0]).toEqual(results[1]);
  });
});

describe("on the wire", () => {
  it.each(["http", "https"])("a branch is two requests on one connection (%s)", async (scheme) => {
    const accounts = [{ username: "ada", password: TOKEN, access: ["org"] }];
    const server = await serve({ accounts, ...(scheme === "https" && { tls: "good" }) });
    await server.add("org/test");
    const findCredential = tokenFor(`${server.url}/org/`, server.ca === "" ? {} : { ca: server.ca });
    await fetchCode(requestFor(`${server.url}/org/test.git`, { revision: "main", findCredential }));
    expect(server.requests.map(({ method, status }) => `${method} ${status}`)).toEqual(["POST 200", "POST 200"]);
    expect(server.connections).toHaveLength(1);
  });
});
