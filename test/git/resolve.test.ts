import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { resolve } from "../../src/git/index.ts";
import { git, startGitServer, type GitServer, type Repository } from "../support/index.ts";
import { requestFor } from "./request.ts";

let server: GitServer;
let repository: Repository;

beforeAll(async () => {
  server = await startGitServer();
  repository = await server.add("org/test", {
    commits: [
      { name: "first", files: { a: "1" } },
      { name: "second", files: { a: "2" } },
      { branch: "branchA", from: "first", files: { b: "1" } },
      { branch: "feature/größer", from: "first", files: { c: "1" } },
      { branch: "v1.0", from: "first", files: { d: "1" } },
      { branch: "deadbeef", from: "first", files: { e: "1" } },
      { branch: "日本", from: "first", files: { f: "1" } },
    ],
    tags: { light: "first", "v1.0": "second" },
    annotatedTags: { annotated: "second" },
    refs: { "refs/pull/7/head": "branchA" },
  });
});
afterAll(() => server.close());

describe("forms of a revision", () => {
  it.each([
    [undefined, "main", "refs/heads/main"],
    ["HEAD", "main", "refs/heads/main"],
    ["branchA", "branchA", "refs/heads/branchA"],
    ["feature/größer", "feature/größer", "refs/heads/feature/größer"],
    ["日本", "日本", "refs/heads/日本"],
    ["deadbeef", "deadbeef", "refs/heads/deadbeef"],
    ["light", "first", "refs/tags/light"],
    ["annotated", "second", "refs/tags/annotated"],
    ["refs/tags/annotated", "second", "refs/tags/annotated"],
    ["refs/tags/v1.0", "second", "refs/tags/v1.0"],
    ["refs/pull/7/head", "branchA", "refs/pull/7/head"],
  ])("%s", async (revision, commit, ref) => {
    const found = await resolve(requestFor(`${server.url}/org/test.git`, revision === undefined ? {} : { revision }));
    found.session.close();
    expect(found).toMatchObject({ commit: repository.commits[commit], ref, warnings: [] });
  });

  it("a whole commit, in upper case too, without a reference", async () => {
    const commit = repository.commits["first"]!;
    const found = await resolve(requestFor(`${server.url}/org/test.git`, { revision: commit.toUpperCase() }));
    expect(found.commit).toBe(commit);
    expect(found.ref).toBeUndefined();
  });

  it("a short commit at a tip, and one further back", async () => {
    for (const name of ["branchA", "first"]) {
      const commit = repository.commits[name]!;
      const found = await resolve(requestFor(`${server.url}/org/test.git`, { revision: commit.slice(0, 8) }));
      expect(found.commit).toBe(commit);
    }
  });

  it.each(["v2", "v0"] as const)(
    "a short commit of a repository that has tags of a tree and of a file, over %s",
    async (spoken) => {
      const other = await startGitServer(spoken === "v0" ? { forge: "v0" } : {});
      const { path, commits } = await other.add("org/tags", {
        commits: [{ name: "first", files: { "a/b": "1" } }, { files: { "a/b": "2" } }],
        config: { "uploadpack.allowAnySHA1InWant": "false" },
      });
      for (const [name, object] of Object.entries({ tree: "main^{tree}", folder: "main:a", file: "main:a/b" })) {
        await git(path, ["update-ref", `refs/tags/${name}`, await git(path, ["rev-parse", object])]);
        await git(path, ["-c", "user.name=a", "-c", "user.email=a", "tag", "-a", "-m", "x", `annotated-${name}`, name]);
      }
      const revision = commits["first"]!.slice(0, 8);
      const found = await resolve(requestFor(`${other.url}/org/tags.git`, { revision }));
      found.session.close();
      expect(found.commit).toBe(commits["first"]);
      await other.close();
    },
  );

  it("a name that is a branch and a tag is the branch, with a warning", async () => {
    const found = await resolve(requestFor(`${server.url}/org/test.git`, { revision: "v1.0", connection: "c" }));
    expect(found).toMatchObject({
      commit: repository.commits["v1.0"],
      ref: "refs/heads/v1.0",
      warnings: [{ code: "GIT_REVISION_BRANCH_AND_TAG", connection: "c" }],
    });
  });
});

describe("a short commit that begins a tip and an older commit", () => {
  it("is refused, and both are named", async () => {
    const { path } = await server.add("org/pair", { commits: [{ files: { a: "1" } }] });
    const tree = (await git(path, ["rev-parse", "main^{tree}"])).trim();
    const [old, tip] = commitsWithOneBeginning(tree);
    for (const text of [old, tip]) await git(path, ["hash-object", "-t", "commit", "-w", "--stdin"], Buffer.from(text));
    const child = `tree ${tree}\nparent ${nameOf(old)}\n${WHO}\nchild\n`;
    const written = await git(path, ["hash-object", "-t", "commit", "-w", "--stdin"], Buffer.from(child));
    await git(path, ["update-ref", "refs/heads/main", written.trim()]);
    await git(path, ["update-ref", "refs/heads/new", nameOf(tip)]);

    const revision = nameOf(tip).slice(0, 7);
    await expect(resolve(requestFor(`${server.url}/org/pair.git`, { revision }))).rejects.toMatchObject({
      code: "GIT_REVISION_AMBIGUOUS",
      problems: [{ hint: expect.stringContaining(nameOf(old)) }],
    });
    // What is too large to look through is no reason to refuse the one tip that is meant most likely.
    const policy = { ...DEFAULT_POLICY, maxBytes: 1 };
    const found = await resolve(requestFor(`${server.url}/org/pair.git`, { revision, policy }));
    expect(found).toMatchObject({ commit: nameOf(tip), warnings: [{ code: "GIT_SHORT_COMMIT_UNPROVEN" }] });
  });
});

describe("a revision that is not there", () => {
  it.each([
    ["brnchA", /branchA/],
    ["origin/branchA", /branchA/],
    ["refs/heads/brancha", /branchA/],
    ["nothing-like-it", /branches: /],
    ["b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b1", /pushed/],
    ["b0b0b0b", /branches: /],
    ["b0b0b0", /at least 7/],
  ])("%s", async (revision, hint) => {
    const place = { file: "job.yaml", line: 7, column: 12 };
    const request = requestFor(`${server.url}/org/test.git`, { revision, connection: "repo-test", place });
    await expect(resolve(request)).rejects.toMatchObject({
      problems: [{ code: "GIT_REVISION_NOT_FOUND", hint: expect.stringMatching(hint), place, connection: "repo-test" }],
    });
  });

  it("in an empty repository, says so", async () => {
    await server.add("org/empty", { commits: [] });
    for (const more of [{}, { revision: "main" }]) {
      await expect(resolve(requestFor(`${server.url}/org/empty.git`, more))).rejects.toMatchObject({
        code: "GIT_REVISION_NOT_FOUND",
        message: expect.stringContaining("empty"),
      });
    }
  });
});

it("asks once for a branch, and only for that branch", async () => {
  const before = server.requests.length;
  await resolve(requestFor(`${server.url}/org/test.git`, { revision: "branchA" }));
  const asked = server.requests.slice(before);
  expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /org/test.git/git-upload-pack"]);
  expect(asked[0]!.body.toString()).toContain("ref-prefix refs/heads/branchA\n");
  expect(asked[0]!.headers["user-agent"]).toMatch(/^git\/2\.\d+\.\d+ \(bowline\//);
});

const WHO = "author A <a@b.c> 1700000000 +0000\ncommitter A <a@b.c> 1700000000 +0000\n";

/** Two commits whose names begin with the same seven digits: some 20,000 tries. */
function commitsWithOneBeginning(tree: string): [string, string] {
  const seen = new Map<string, string>();
  for (let count = 0; ; count += 1) {
    const text = `tree ${tree}\n${WHO}\n${count}\n`;
    const digits = nameOf(text).slice(0, 7);
    const before = seen.get(digits);
    if (before !== undefined) return [before, text];
    seen.set(digits, text);
  }
}

function nameOf(commit: string): string {
  return createHash("sha1")
    .update(`commit ${Buffer.byteLength(commit)}\0${commit}`)
    .digest("hex");
}
