import { readdir, readFile, mkdir, writeFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { materialize, resolve, type CodeReference, type GitEvent, type GitRequest } from "../../src/git/index.ts";
import { git, startGitServer, temporaryFolder, type GitServer, type Repository } from "../support/index.ts";
import { requestFor, TOKEN, tokenFor } from "./request.ts";

let server: GitServer;
let repository: Repository;

beforeAll(async () => {
  server = await startGitServer({ accounts: [{ username: "ada", password: TOKEN, access: ["org"] }] });
  repository = await server.add("org/test", {
    commits: [
      { name: "first", files: { "a.txt": "1\n", "bin/run": { executable: "#!/bin/sh\n" } } },
      { name: "second", files: { "a.txt": "2\n", link: { symlink: "a.txt" } }, message: "Train longer\n\nmuch longer" },
      { branch: "feature/größer", from: "first", files: { c: "1" }, author: "Zoë <zoe@example.com>" },
    ],
    tags: { light: "first" },
    annotatedTags: { annotated: "first" },
  });
});
afterAll(() => server.close());

async function fetched(
  more: Parameters<typeof requestFor>[1] = {},
): Promise<{ target: string; reference: CodeReference }> {
  const request = requestFor(`${server.url}/org/test.git`, { findCredential: tokenFor(`${server.url}/org/`), ...more });
  const target = join(await temporaryFolder(), "repo");
  const reference = await materialize({ ...request, resolution: await resolve(request), target });
  return { target, reference };
}

function options(more: Partial<GitRequest["options"]>): Pick<GitRequest, "options"> {
  return { options: { ...requestFor("").options, ...more } };
}

describe("a branch at depth 1", () => {
  it("is a clean repository that stands on the branch and follows origin", async () => {
    const { target } = await fetched({ revision: "main" });
    expect(await git(target, ["status", "--porcelain=v2", "--branch"])).toBe(
      [
        `# branch.oid ${repository.commits["main"]}`,
        "# branch.head main",
        "# branch.upstream origin/main",
        "# branch.ab +0 -0",
      ].join("\n"),
    );
    expect(await git(target, ["log", "--format=%s"])).toBe("Train longer");
    expect(await git(target, ["fsck", "--strict"])).toBe("");
    expect(await git(target, ["rev-parse", "--is-shallow-repository"])).toBe("true");
    expect(await readFile(join(target, "link"), "utf8")).toBe("2\n");
    expect(await git(target, ["config", "--local", "--list"])).toBe(
      [
        "core.repositoryformatversion=0",
        "core.filemode=true",
        "core.bare=false",
        "core.logallrefupdates=true",
        "core.checkstat=minimal",
        "core.trustctime=false",
        `remote.origin.url=${server.url}/org/test.git`,
        "remote.origin.fetch=+refs/heads/main:refs/remotes/origin/main",
        "branch.main.remote=origin",
        "branch.main.merge=refs/heads/main",
      ].join("\n"),
    );
  });

  it("can be pulled by plain git with the credential", async () => {
    const { target } = await fetched({ revision: "main" });
    const login = Buffer.from(`ada:${TOKEN}`).toString("base64");
    expect(await git(target, ["-c", `http.extraHeader=Authorization: Basic ${login}`, "pull"])).toContain("up to date");
  });

  it("is described by a code reference", async () => {
    const events: GitEvent[] = [];
    const { target, reference } = await fetched({ revision: "main", connection: "repo-test", events });
    expect(reference).toEqual({
      connection: "repo-test",
      url: `${server.url}/org/test.git`,
      revision: "main",
      ref: "refs/heads/main",
      commit: repository.commits["main"],
      tree: await git(target, ["rev-parse", "HEAD^{tree}"]),
      author: { name: "Ada Lovelace", email: "ada@example.com" },
      date: "2026-01-01T01:00:00.000Z",
      subject: "Train longer",
      path: target,
      by: "engine",
      history: 1,
      bytes: expect.any(Number),
      cache: "miss",
      timings: {
        resolve: expect.any(Number),
        fetch: expect.any(Number),
        checkout: expect.any(Number),
        copy: expect.any(Number),
      },
      at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(reference.bytes).toBeGreaterThan(100);
    const phases = events.filter(({ state }) => state !== "progress").map(({ phase, state }) => `${phase} ${state}`);
    expect(phases).toEqual(
      ["resolve", "fetch", "checkout", "copy"].flatMap((name) => [`${name} start`, `${name} end`]),
    );
  });
});

describe("other revisions", () => {
  it("a branch with slashes and other letters", async () => {
    const { target, reference } = await fetched({ revision: "feature/größer" });
    expect(await git(target, ["branch", "--show-current"])).toBe("feature/größer");
    expect(reference.author.name).toBe("Zoë");
  });

  it("a commit is detached", async () => {
    const { target, reference } = await fetched({ revision: repository.commits["first"]! });
    expect(await git(target, ["rev-parse", "--abbrev-ref", "HEAD"])).toBe("HEAD");
    expect(reference).not.toHaveProperty("ref");
  });

  it.each(["light", "annotated"])("a tag (%s) is detached and there", async (tag) => {
    const { target } = await fetched({ revision: tag });
    expect(await git(target, ["describe", "--tags", "--exact-match"])).toBe(tag);
    expect(await git(target, ["rev-parse", "HEAD"])).toBe(repository.commits["first"]);
  });

  it("a tag's own object, named as a commit, is refused", async () => {
    await expect(fetched({ revision: repository.refs["refs/tags/annotated"]! })).rejects.toMatchObject({
      code: "GIT_REVISION_NOT_FOUND",
    });
  });
});

describe("history", () => {
  it("of two commits", async () => {
    const { target } = await fetched(options({ history: 2 }));
    expect(await git(target, ["rev-list", "--count", "HEAD"])).toBe("2");
  });

  it("in full, with every branch and tag", async () => {
    const { target, reference } = await fetched(options({ history: "full" }));
    expect(await git(target, ["rev-parse", "--is-shallow-repository"])).toBe("false");
    expect((await git(target, ["for-each-ref", "--format=%(refname)"])).split("\n")).toEqual([
      "refs/heads/main",
      "refs/remotes/origin/feature/größer",
      "refs/remotes/origin/main",
      "refs/tags/annotated",
      "refs/tags/light",
    ]);
    expect(await git(target, ["fsck", "--strict"])).toBe("");
    expect(reference.history).toBe("full");
  });

  it("as commits, without old contents", async () => {
    const { target } = await fetched(options({ history: "commits" }));
    expect(await git(target, ["rev-list", "--count", "HEAD"])).toBe("2");
    expect(await git(target, ["describe"])).toMatch(/^annotated-1-g/);
    expect(await git(target, ["rev-list", "--objects", "--missing=print", "HEAD"])).toMatch(/^\?/m);
    expect(await git(target, ["status", "--porcelain"])).toBe("");
    expect(await git(target, ["fsck"])).toBe("");
  });

  it("with tags only where asked for", async () => {
    const { target } = await fetched({ ...options({ tags: true }), revision: "main" });
    expect(await git(target, ["tag"])).toBe("annotated\nlight");
  });
});

it("sparse: only the folders asked for, and the server sends no more", async () => {
  await server.add("org/wide", {
    commits: [{ files: { top: "1", "a/b/in": "2", "a/beside": "3", "a/c/out": "4", "d/out": "x".repeat(9000) } }],
  });
  const { target } = await fetched({ ...options({ sparse: ["a/b"] }), url: `${server.url}/org/wide.git` });
  expect((await readdir(target, { recursive: true })).filter((name) => !name.startsWith(".git")).toSorted()).toEqual([
    "a",
    "a/b",
    "a/b/in",
    "a/beside",
    "top",
  ]);
  expect(await git(target, ["status", "--porcelain"])).toBe("");
  expect(await git(target, ["rev-list", "--objects", "--missing=print", "HEAD"])).toMatch(/^\?/m);
});

it("sparse, from a server that does not know filters: more comes over the wire, and the folder is the same", async () => {
  const config = { "uploadpack.allowFilter": "false" };
  await server.add("org/unfiltered", { config, commits: [{ files: { top: "1", "a/in": "2", "b/out": "3" } }] });
  for (const more of [{ sparse: ["a"] }, { sparse: ["a"], history: "commits" as const }]) {
    const { target } = await fetched({ ...options(more), url: `${server.url}/org/unfiltered.git` });
    expect((await readdir(target)).toSorted()).toEqual([".git", "a", "top"]);
    expect(await git(target, ["status", "--porcelain"])).toBe("");
    expect(await git(target, ["show", "HEAD:b/out"])).toBe("3");
  }
});

describe("the target", () => {
  it("may be an empty folder", async () => {
    const request = requestFor(`${server.url}/org/test.git`, { findCredential: tokenFor(`${server.url}/org/`) });
    const target = await temporaryFolder();
    await materialize({ ...request, resolution: await resolve(request), target });
    expect(await readdir(target)).toContain("a.txt");
  });

  it("is refused when it holds something, is a file or a link, and nothing is left beside it", async () => {
    const request = requestFor(`${server.url}/org/test.git`, { findCredential: tokenFor(`${server.url}/org/`) });
    const parent = await temporaryFolder();
    await mkdir(join(parent, "full"));
    await writeFile(join(parent, "full/x"), "mine");
    await writeFile(join(parent, "file"), "mine");
    await symlink("/tmp", join(parent, "link"));
    const resolution = { commit: repository.commits["main"]! };
    for (const name of ["full", "file", "link"]) {
      const refused = materialize({ ...request, resolution, target: join(parent, name) });
      await expect(refused).rejects.toMatchObject({ code: "PATH_INVALID" });
    }
    for (const target of ["/", "relative", `${parent}/../x`, `${parent}/`]) {
      await expect(materialize({ ...request, resolution, target })).rejects.toMatchObject({ code: "PATH_INVALID" });
    }
    expect((await readdir(parent)).toSorted()).toEqual(["file", "full", "link"]);
    expect(await readFile(join(parent, "full/x"), "utf8")).toBe("mine");
  });

  it("stays absent when the commit is not there", async () => {
    const parent = await temporaryFolder();
    const request = requestFor(`${server.url}/org/test.git`, { findCredential: tokenFor(`${server.url}/org/`) });
    const refused = materialize({ ...request, resolution: { commit: "b0".repeat(20) }, target: join(parent, "repo") });
    await expect(refused).rejects.toMatchObject({ code: "GIT_REVISION_NOT_FOUND" });
    expect(await readdir(parent)).toEqual([]);
  });
});

it.each(["x\r", "../x", "x.lock"])("a pin on the branch %j is refused before anything is asked", async (branch) => {
  const target = join(await temporaryFolder(), "repo");
  const resolution = { commit: "b0".repeat(20), ref: `refs/heads/${branch}` };
  const request = { ...requestFor("http://127.0.0.1:1/org/test"), resolution, target };
  await expect(materialize(request)).rejects.toMatchObject({ code: "GIT_REVISION_INVALID" });
});

it("a tag that is gone since it was resolved is named, and the repository not called empty", async () => {
  const findCredential = tokenFor(`${server.url}/org/`);
  const request = requestFor(`${server.url}/org/test.git`, { findCredential });
  const resolution = { commit: repository.commits["first"]!, ref: "refs/tags/gone" };
  const target = join(await temporaryFolder(), "repo");
  await expect(materialize({ ...request, resolution, target })).rejects.toMatchObject({
    code: "GIT_REVISION_NOT_FOUND",
    message: expect.stringContaining("refs/tags/gone"),
  });
});
