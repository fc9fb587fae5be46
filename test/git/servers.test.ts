import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { materialize, resolve, type GitEvent, type GitRequest } from "../../src/git/index.ts";
import { git, startGitServer, temporaryFolder } from "../support/index.ts";
import { refused, requestFor, TOKEN, tokenFor } from "./request.ts";

it.each(["sha1", "sha256"] as const)(
  "a repository of %s objects, by branch, commit and short commit",
  async (objectFormat) => {
    const server = await startGitServer();
    const commits = [{ name: "first", files: { a: "1" } }, { files: { a: "2" } }];
    const made = await server.add("org/test", { commits, objectFormat });
    const first = made.commits["first"]!;
    for (const [revision, commit] of [
      ["main", made.commits["main"]],
      [first, first],
      [first.slice(0, 9), first],
    ] as const) {
      const request = requestFor(`${server.url}/org/test.git`, { revision });
      const target = join(await temporaryFolder(), "repo");
      await materialize({ ...request, resolution: await resolve(request), target });
      expect(await git(target, ["rev-parse", "HEAD"])).toBe(commit);
      expect(await git(target, ["status", "--porcelain"])).toBe("");
    }
    await server.close();
  },
);

it.each(["azure-devops", "dulwich", "jgit", "dumb"] as const)(
  "a server without protocol v2 (%s), at a tip and behind it, remembered",
  async (forge) => {
    const server = await startGitServer({ forge });
    const made = await server.add("org/test", {
      commits: [{ name: "first", files: { a: "1" } }, { files: { a: "2" } }],
      annotatedTags: { v1: "first" },
      config: { "uploadpack.allowAnySHA1InWant": "false", "uploadpack.allowFilter": "false" },
    });
    const cache = await temporaryFolder();
    for (const [revision, name] of [
      [made.commits["first"]!.slice(0, 9), "first"],
      ["main", "main"],
      ["HEAD", "main"],
      ["v1", "first"],
      [made.commits["first"]!, "first"],
    ] as const) {
      const request = requestFor(`${server.url}/org/test.git`, { revision, cache });
      const target = join(await temporaryFolder(), "repo");
      await materialize({ ...request, resolution: await resolve(request), target });
      expect(await git(target, ["rev-parse", "HEAD"])).toBe(made.commits[name]);
    }
    const before = server.requests.length;
    const { session } = await resolve(requestFor(`${server.url}/org/test.git`, { revision: "v1", cache }));
    session.close();
    expect(server.requests[before]).toMatchObject({ method: "GET" });
    await server.close();
  },
);

it.each(["azure-devops", "dulwich", "jgit", "dumb"] as const)(
  "a pin alone, from a server without protocol v2 (%s), which may be new here or known",
  async (forge) => {
    const server = await startGitServer({ forge });
    const made = await server.add("org/test", {
      commits: [{ name: "first", files: { a: "1" } }, { files: { a: "2" } }],
    });
    const cache = await temporaryFolder();
    for (const [commit, ref] of [
      [made.commits["first"]!, undefined],
      [made.commits["first"]!, undefined],
      [made.commits["main"]!, "refs/heads/main"],
    ] as const) {
      const request = requestFor(`${server.url}/org/test.git`, { cache });
      const target = join(await temporaryFolder(), "repo");
      await materialize({ ...request, resolution: { commit, ...(ref && { ref }) }, target });
      expect(await git(target, ["rev-parse", "HEAD"])).toBe(commit);
    }
    await server.close();
  },
);

it("a server that is a mere folder of files, each of one object: short commits, and all of history out of the cache", async () => {
  const server = await startGitServer({ forge: "dumb" });
  const made = await server.add("org/test", {
    commits: [{ name: "first", files: { a: "1", "b/c": "1" } }, { files: { a: "2" } }],
  });
  const cache = await temporaryFolder();
  const first = made.commits["first"]!;
  for (const [revision, history, commit] of [
    ["main", "full", made.commits["main"]!],
    [first.slice(0, 9), "full", first],
    [first.slice(0, 9), 1, first],
    [first, 1, first],
    ["main", 1, made.commits["main"]!],
  ] as const) {
    const options = { ...requestFor("").options, history };
    const events: GitEvent[] = [];
    const request = requestFor(`${server.url}/org/test.git`, { revision, options, cache, events });
    const target = join(await temporaryFolder(), "repo");
    await materialize({ ...request, resolution: await resolve(request), target });
    expect(await git(target, ["rev-parse", "HEAD"])).toBe(commit);
    expect(await git(target, ["fsck", "--strict"])).toBe("");
    expect(events.filter(({ phase }) => phase === "warning")).toEqual([]);
  }
  await server.close();
});

it("a pin at a tip, from a server that gives only what it shows: that commit alone", async () => {
  const server = await startGitServer({ forge: "v0" });
  const { commits } = await server.add("org/test", {
    commits: [{ files: { a: "1" } }, { files: { a: "2" } }],
    config: { "uploadpack.allowAnySHA1InWant": "false" },
  });
  const target = join(await temporaryFolder(), "repo");
  const resolution = { commit: commits["main"]! };
  await materialize({ ...requestFor(`${server.url}/org/test.git`), resolution, target });
  expect(await git(target, ["rev-list", "--count", "HEAD"])).toBe("1");
  await server.close();
});

it.each([
  [503, "HOST_BUSY", 3],
  [401, "GIT_CREDENTIAL_MISSING", 1],
  [404, "GIT_PROTOCOL", 1],
] as const)("a folder of files that answers %d when its HEAD is asked for", async (status, code, times) => {
  const server = await startGitServer({ forge: "dumb" });
  await server.add("org/test");
  const isHead = ({ path }: { path: string }): boolean => path.endsWith("/HEAD");
  server.faults.push({ match: isHead, status });
  await expect(resolve(requestFor(`${server.url}/org/test.git`, { revision: "main" }))).rejects.toMatchObject({ code });
  expect(server.requests.filter(isHead)).toHaveLength(times);
  await server.close();
});

it("a server that lets words wait which it does not know: asked for what it knows, and left alone with the others", async () => {
  const server = await startGitServer({ forge: "silent" });
  const made = await server.add("org/test", { commits: [{ name: "first", files: { a: "1" } }, { files: { a: "2" } }] });
  const policy = { ...DEFAULT_POLICY, timeouts: { ...DEFAULT_POLICY.timeouts, resolve: 5_000, stall: 5_000 } };
  const cache = await temporaryFolder();
  for (const more of [{}, { cache }, { cache }]) {
    server.requests.length = 0;
    const request = requestFor(`${server.url}/org/test.git`, { revision: "main", policy, ...more });
    const target = join(await temporaryFolder(), "repo");
    await materialize({ ...request, resolution: await resolve(request), target });
    expect(await git(target, ["rev-parse", "HEAD"])).toBe(made.commits["main"]);
  }
  // remembered
  expect(server.requests[0]).toMatchObject({ method: "GET" });
  const events: GitEvent[] = [];
  const request = requestFor(`${server.url}/org/test.git`, { policy, events });
  const target = join(await temporaryFolder(), "repo");
  await materialize({ ...request, resolution: { commit: made.commits["first"]! }, target });
  expect(await git(target, ["rev-parse", "HEAD"])).toBe(made.commits["first"]);
  expect(events.filter(({ phase }) => phase === "retry")).toEqual([]);
  await server.close();
});

it.each(["plain", "v0", "v1", "jgit", "dumb"] as const)(
  "a repository without a commit, at a server that is %s",
  async (forge) => {
    const server = await startGitServer({ forge });
    const { path } = await server.add("org/test", { commits: [] });
    await git(path, ["update-server-info"]);
    for (const revision of ["main", "HEAD"])
      await expect(resolve(requestFor(`${server.url}/org/test.git`, { revision }))).rejects.toMatchObject({
        code: "GIT_REVISION_NOT_FOUND",
        message: expect.stringContaining("is empty"),
      });
    await server.close();
  },
);

it.each([
  ["Git repository not found", "GIT_REPOSITORY_NOT_FOUND"],
  ["upload-pack not permitted on '/org/test.git'", "GIT_ACCESS_DENIED"],
  ["the moon is full", "GIT_PROTOCOL"],
])("a refusal in the words of a server that answers 200, as JGit's do: %s", async (words, code) => {
  const server = await startGitServer({ forge: "jgit" });
  await server.add("org/test");
  const packet = (text: string): string => (text.length + 4).toString(16).padStart(4, "0") + text;
  const answers = [
    ["POST", "result", packet(`error: ${words}`)],
    ["GET", "advertisement", `${packet("# service=git-upload-pack\n")}0000${packet(`ERR ${words}`)}`],
  ] as const;
  for (const [method, kind, body] of answers) {
    const headers = { "content-type": `application/x-git-upload-pack-${kind}` };
    server.faults.push({ match: (asked) => asked.method === method, status: 200, headers, body });
  }
  const url = `${server.url}/org/test.git`;
  const expected = { code, message: expect.stringContaining(words) };
  expect(await refused(requestFor(url, { revision: "main" }))).toMatchObject(expected);
  expect(await refused(requestFor(url, { revision: "b0".repeat(20) }))).toMatchObject(expected);
  expect(await refused(requestFor(url), { commit: "b0".repeat(20) })).toMatchObject(expected);
  await server.close();
});

it("no file beside the target holds the credential at any moment, and nothing but the target stays", async () => {
  const server = await startGitServer({ accounts: [{ username: "ada", password: TOKEN, access: ["org"] }] });
  await server.add("org/test");
  const parent = await temporaryFolder();
  const request = requestFor(`${server.url}/org/test.git`, { findCredential: tokenFor(`${server.url}/org/`) });
  const forms = [TOKEN, Buffer.from(`ada:${TOKEN}`).toString("base64"), encodeURIComponent(TOKEN)];
  let over = false;
  let hits = 0;
  const look = (async () => {
    while (!over) {
      const args = ["-rlaF", ...forms.flatMap((form) => ["-e", form]), parent];
      const found = await new Promise((done) => spawn("grep", args, { stdio: "ignore" }).on("close", done));
      if (found === 0) hits += 1;
      await sleep(20);
    }
  })();
  await materialize({ ...request, resolution: await resolve(request), target: join(parent, "repo") });
  over = true;
  await look;
  expect(hits).toBe(0);
  expect(await readdir(parent)).toEqual(["repo"]);
  await server.close();
});

const COMMITS = { history: "commits" } as const;
const SPARSE = { sparse: ["a"] };
const NO_FILTER = { "uploadpack.allowFilter": "false" };
const TIPS_ONLY = { "uploadpack.allowAnySHA1InWant": "false" };
const TIPS_AND_REACHABLE = {
  ...TIPS_ONLY,
  "uploadpack.allowTipSHA1InWant": "true",
  "uploadpack.allowReachableSHA1InWant": "true",
};
const REACHABLE_ONLY = { ...TIPS_ONLY, "uploadpack.allowReachableSHA1InWant": "true" };

it.each([
  { forge: "dumb", more: COMMITS, promisor: false },
  { forge: "dumb", more: SPARSE, promisor: false },
  { forge: "v0", more: COMMITS, promisor: true },
  { forge: "v0", more: SPARSE, config: TIPS_ONLY, promisor: false },
  { forge: "v0", more: COMMITS, config: REACHABLE_ONLY, promisor: false },
  { forge: "v0", more: COMMITS, config: TIPS_AND_REACHABLE, promisor: true },
  { forge: "v0", more: SPARSE, config: NO_FILTER, promisor: false },
  { forge: "v1", more: SPARSE, promisor: true },
  { forge: "v1", more: COMMITS, config: TIPS_ONLY, promisor: false },
  { forge: "plain", more: COMMITS, promisor: true },
  { forge: "plain", more: SPARSE, config: TIPS_ONLY, promisor: true },
  { forge: "plain", more: COMMITS, config: NO_FILTER, promisor: false },
] as const)("resolved, pinned and from the cache the target knows whether something was left out: %j", async (row) => {
  const server = await startGitServer({ forge: row.forge });
  const { commits } = await server.add("org/test", {
    commits: [{ files: { "a/x": "1", "b/x": "1" } }, { files: { "a/x": "2", "b/x": "2" } }],
    ...("config" in row && { config: row.config }),
  });
  const options = { ...requestFor("").options, ...row.more } as GitRequest["options"];
  const policy = { ...DEFAULT_POLICY, timeouts: { ...DEFAULT_POLICY.timeouts, materialize: 15_000 } };
  const request = requestFor(`${server.url}/org/test.git`, { options, policy, revision: "main" });
  const pin = { commit: commits["main"]! };
  const cache = await temporaryFolder();
  for (const [resolution, more] of [
    [await resolve(request), {}],
    [pin, {}],
    [pin, { cache }],
    [pin, { cache }],
  ] as const) {
    const target = join(await temporaryFolder(), "repo");
    await materialize({ ...request, ...more, resolution, target });
    const config = await git(target, ["config", "--list", "--local"]);
    const told = /^(extensions\.partialclone|remote\.origin\.(promisor|partialclonefilter))=/gm;
    expect(config.match(told) ?? []).toHaveLength(row.promisor ? 3 : 0);
    expect(await git(target, ["status", "--porcelain"])).toBe("");
    expect(await git(target, ["show", "HEAD:b/x"])).toBe("2");
    if (row.more === COMMITS) expect(await git(target, ["show", "HEAD~1:b/x"])).toBe("1");
    expect(await git(target, ["fetch", "origin"])).toBe("");
  }
  await server.close();
});
