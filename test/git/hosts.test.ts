import { execa } from "execa";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { materialize, resolve, type CodeReference, type GitEvent } from "../../src/git/index.ts";
import { git, startGitServer, temporaryFolder, type GitServer, type GitServerOptions } from "../support/index.ts";
import { fetchCode, requestFor, TOKEN, tokenFor, WAY } from "./request.ts";

const servers: GitServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const ACCOUNT = { username: "ada", password: TOKEN, access: ["org"] };

async function serve(options: GitServerOptions): Promise<GitServer> {
  const server = await startGitServer(options);
  servers.push(server);
  return server;
}

/** What every code reference of branch main of the default repository has. */
const MAIN: Partial<CodeReference> = {
  revision: "main",
  ref: "refs/heads/main",
  commit: "6654115d36cde16be9e359b34d17b165ca0ef85b",
  author: { name: "Ada Lovelace", email: "ada@example.com" },
  date: "2026-01-01T01:00:00.000Z",
  subject: "Add numbers",
  by: "engine",
  history: 1,
};

describe.each([
  ["github", "org/test"],
  ["github", "org/test.git"],
  ["gitlab", "org/test.git"],
  ["bitbucket", "org/test.git"],
  ["azure-devops", "org/project/_git/test"],
  ["dumb", "org/test.git"],
] as const)("a host like %s", (forge, path) => {
  it(`gives ${path} with and without a credential, and the code reference says what was given`, async () => {
    for (const accounts of [[], [ACCOUNT]]) {
      const server = await serve({ forge, accounts });
      const repository = await server.add(path.replace(/\.git$/, ""));
      const url = `${server.url}/${path}`;
      const findCredential = tokenFor(`${server.url}/org/`);
      const events: GitEvent[] = [];
      const { target, reference } = await fetchCode(requestFor(url, { revision: "main", findCredential, events }));
      expect(reference).toMatchObject({ ...MAIN, url, commit: repository.commits["main"], path: target });
      expect(reference).not.toHaveProperty("redirectedTo");
      expect(reference.tree).toBe(await git(target, ["rev-parse", "HEAD^{tree}"]));
      expect(await git(target, ["status", "--porcelain"])).toBe("");
      expect(events.filter(({ phase }) => phase === "warning")).toEqual([]);
      for (const { headers } of server.requests) expect(headers["user-agent"]).toMatch(/^git\/2\.\d+.* \(bowline\//);
    }
  });
});

describe("GitHub", () => {
  it.each(["secret", "none"])("404 for a repository that the credential may not see (%s there)", async (what) => {
    const server = await serve({ forge: "github", accounts: [ACCOUNT] });
    await server.add("other/secret");
    const findCredential = tokenFor(`${server.url}/`);
    const failing = resolve(requestFor(`${server.url}/other/${what}`, { findCredential }));
    await expect(failing).rejects.toMatchObject({
      code: "GIT_REPOSITORY_NOT_FOUND",
      message: expect.stringContaining("or no access"),
      hint: expect.stringContaining('connection "repo-test"'),
    });
    const anonymous = resolve(requestFor(`${server.url}/other/${what}`));
    await expect(anonymous).rejects.toMatchObject({ code: "GIT_CREDENTIAL_MISSING" });
  });

  it("a renamed repository is followed once inside of the scope, with a warning", async () => {
    const server = await serve({ forge: "github", accounts: [ACCOUNT], renamed: { "org/old": "org/test" } });
    await server.add("org/test");
    const events: GitEvent[] = [];
    const url = `${server.url}/org/old`;
    const findCredential = tokenFor(`${server.url}/org/`);
    const { target, reference } = await fetchCode(requestFor(url, { revision: "main", findCredential, events }));
    expect(reference).toMatchObject({ ...MAIN, url, redirectedTo: `${server.url}/org/test` });
    expect(server.requests.filter(({ path }) => path.startsWith("/org/old"))).toHaveLength(1);
    const warnings = events.flatMap((event) => (event.phase === "warning" ? [event.problem] : []));
    expect(warnings).toMatchObject([
      { code: "GIT_REDIRECTED", message: expect.stringContaining(`${server.url}/org/test`) },
    ]);
    expect(await git(target, ["remote", "get-url", "origin"])).toBe(url);
  });

  it("one renamed to another owner is refused, and nothing is asked there", async () => {
    const server = await serve({ forge: "github", accounts: [ACCOUNT], renamed: { "org/old": "other/test" } });
    await server.add("other/test");
    const findCredential = tokenFor(`${server.url}/org/`);
    const failing = resolve(requestFor(`${server.url}/org/old`, { findCredential }));
    await expect(failing).rejects.toMatchObject({
      code: "REDIRECT_REFUSED",
      message: expect.stringContaining(`${server.url}/other/test`),
    });
    expect(server.requests.filter(({ path }) => path.startsWith("/other"))).toEqual([]);
  });

  it("one of which the host sends to a page to log in is told apart from one that has moved", async () => {
    const server = await serve({ forge: "github" });
    server.faults.push({ status: 302, headers: { location: "/login?next=/org/old/git-upload-pack" } });
    const hint = expect.stringContaining("the page where one signs in");
    await expect(resolve(requestFor(`${server.url}/org/old`))).rejects.toMatchObject({
      code: "REDIRECT_REFUSED",
      hint,
    });
    expect(server.requests.filter(({ path }) => path.startsWith("/login"))).toEqual([]);
  });

  it("a chain of two renames is not followed to its end", async () => {
    const renamed = { "org/a": "org/b", "org/b": "org/test" };
    const server = await serve({ forge: "github", renamed });
    await server.add("org/test");
    await expect(resolve(requestFor(`${server.url}/org/a`))).rejects.toMatchObject({ code: "REDIRECT_REFUSED" });
    expect(server.requests.filter(({ path }) => path.startsWith("/org/test"))).toEqual([]);
  });

  it("a rename between resolve and fetch is followed within the scope only, and not at all by git itself", async () => {
    const renamed: Record<string, string> = {};
    const server = await serve({ forge: "github", renamed });
    const { commits } = await server.add("org/test");
    await server.add("other/test");
    await server.add("org/new");
    const findCredential = tokenFor(`${server.url}/org/`);
    const pinned = async (events: GitEvent[] = []): Promise<CodeReference> => {
      const request = requestFor(`${server.url}/org/test`, { findCredential, events });
      const target = join(await temporaryFolder(), "repo");
      return materialize({ ...request, resolution: { commit: commits["main"]! }, target });
    };
    renamed["org/test"] = "other/test";
    await expect(pinned()).rejects.toMatchObject({ code: "REDIRECT_REFUSED" });
    expect(server.requests.filter(({ path }) => path.startsWith("/other"))).toEqual([]);
    renamed["org/test"] = "org/new";
    if (WAY === "git") return expect(pinned()).rejects.toMatchObject({ code: "REDIRECT_REFUSED" });
    const events: GitEvent[] = [];
    expect(await pinned(events)).toMatchObject({ redirectedTo: `${server.url}/org/new` });
    expect(events).toContainEqual(
      expect.objectContaining({ phase: "warning", problem: expect.objectContaining({ code: "GIT_REDIRECTED" }) }),
    );
  });
});

describe("GitLab", () => {
  it("adds .git by a redirect: resolve, materialize, relative submodules, and a later pull in the job", async () => {
    const server = await serve({ forge: "gitlab", accounts: [ACCOUNT] });
    const lib = await server.add("org/lib");
    const files = {
      ".gitmodules": '[submodule "lib"]\n\tpath = lib\n\turl = ../lib.git\n',
      lib: { submodule: lib.commits["main"]! },
    };
    const top = await server.add("org/test", { commits: [{ files }] });
    const url = `${server.url}/org/test`;
    const request = requestFor(url, { revision: "main", findCredential: tokenFor(`${server.url}/org/`) });
    const { target, reference } = await fetchCode({ ...request, options: { ...request.options, submodules: true } });
    expect(reference).toMatchObject({
      url,
      redirectedTo: `${url}.git`,
      commit: top.commits["main"],
      submodules: [{ path: "lib", url: `${server.url}/org/lib.git`, commit: lib.commits["main"] }],
    });
    expect(await readFile(join(target, "lib/data/numbers.txt"), "utf8")).toBe("1\n2\n3\n");
    expect(await git(target, ["remote", "get-url", "origin"])).toBe(url);
    const login = `Authorization: Basic ${Buffer.from(`ada:${TOKEN}`).toString("base64")}`;
    const pull = ["-c", `http.${server.url}/org/.extraHeader=${login}`, "pull", "--recurse-submodules"];
    expect(await git(target, pull)).toContain("up to date");
  });

  it("a pin that was kept with its redirect is fetched without being redirected again", async () => {
    const server = await serve({ forge: "gitlab" });
    const { commits } = await server.add("org/test");
    const url = `${server.url}/org/test`;
    const target = join(await temporaryFolder(), "repo");
    const resolution = { commit: commits["main"]!, redirectedTo: `${url}.git` };
    await materialize({ ...requestFor(url), resolution, target });
    expect(server.requests.filter(({ status }) => status >= 300)).toEqual([]);
  });

  it("a kept redirect that leads out of the origin or the scope is not believed", async () => {
    const server = await serve({ forge: "gitlab", accounts: [ACCOUNT] });
    const elsewhere = await serve({ host: "127.0.0.2" });
    const { commits } = await server.add("org/test");
    await elsewhere.add("org/test");
    for (const redirectedTo of [`${elsewhere.url}/org/test.git`, `${server.url}/other/test.git`]) {
      const request = requestFor(`${server.url}/org/test`, { findCredential: tokenFor(`${server.url}/org/`) });
      const target = join(await temporaryFolder(), "repo");
      const failing = materialize({ ...request, resolution: { commit: commits["main"]!, redirectedTo }, target });
      await expect(failing).rejects.toMatchObject({ code: "REDIRECT_REFUSED" });
    }
    expect([...server.requests, ...elsewhere.requests]).toEqual([]);
  });
});

describe("a forge that answers every request with 307 to another host", () => {
  it.each([undefined, "ada"])("is refused by name, and the other host is asked nothing (user %s)", async (user) => {
    const other = await serve({ host: "127.0.0.2" });
    await other.add("org/test");
    const server = await serve({ forge: "redirecting", redirectTo: other.url });
    const findCredential = user === undefined ? () => Promise.resolve(undefined) : tokenFor(`${server.url}/org/`);
    const request = requestFor(`${server.url}/org/test`, { findCredential });
    const refusal = { code: "REDIRECT_REFUSED", message: expect.stringContaining(`${other.url}/org/test`) };
    await expect(resolve(request)).rejects.toMatchObject(refusal);
    const target = join(await temporaryFolder(), "repo");
    const failing = materialize({ ...request, resolution: { commit: "b0".repeat(20) }, target });
    await expect(failing).rejects.toMatchObject({ code: "REDIRECT_REFUSED" });
    expect(other.requests).toEqual([]);
  });
});

it("Bitbucket refuses a client that does not name git", async () => {
  const server = await serve({ forge: "bitbucket" });
  await server.add("org/test");
  const url = `${server.url}/org/test`;
  await expect(execa("git", ["-c", "http.userAgent=bowline", "ls-remote", url])).rejects.toThrow(/403/);
});
