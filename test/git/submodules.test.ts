import { execa } from "execa";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { inScope, type Credential } from "../../src/connections/index.ts";
import { materialize, resolve, type CodeReference, type GitRequest } from "../../src/git/index.ts";
import { ownMark } from "../../src/lib/index.ts";
import {
  git,
  makeSshKey,
  noSshServer,
  startGitServer,
  startSshServer,
  temporaryFolder,
  type FileSpec,
  type GitServer,
  type GitServerOptions,
  type Repository,
} from "../support/index.ts";
import { requestFor } from "./request.ts";

const servers: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(options: GitServerOptions = {}): Promise<GitServer> {
  const server = await startGitServer(options);
  servers.push(server);
  return server;
}

function credential(scope: string, extra: Partial<Credential> = {}): Credential {
  return {
    scope,
    source: "test",
    http: { kind: "basic", username: "x", password: "tok" },
    secretValues: ["tok"],
    ...extra,
  };
}

interface Asked {
  credentials?: Credential[];
  submodules?: boolean | string[];
  more?: Partial<GitRequest["options"]>;
  request?: Partial<GitRequest>;
}

async function fetched(
  url: string,
  { credentials = [], submodules = true, more, request: changed }: Asked = {},
): Promise<{ target: string; reference: CodeReference }> {
  const base = requestFor(url);
  const request: GitRequest = {
    ...base,
    ...changed,
    options: { ...base.options, submodules, ...more },
    findCredential: async (asked) => credentials.find(({ scope }) => inScope(scope, asked)),
  };
  const target = join(await temporaryFolder(), "repo");
  return { target, reference: await materialize({ ...request, resolution: await resolve(request), target }) };
}

/** A repository whose submodules are these: path → url and commit. */
function withSubmodules(
  server: GitServer,
  name: string,
  modules: Record<string, { url: string; commit: string }>,
): Promise<Repository> {
  const sections = Object.entries(modules).map(
    ([path, { url }]) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`,
  );
  const links = Object.fromEntries(
    Object.entries(modules).map(([path, { commit }]): [string, FileSpec] => [path, { submodule: commit }]),
  );
  return server.add(name, { commits: [{ files: { ".gitmodules": sections.join(""), "top.txt": "top\n", ...links } }] });
}

describe("submodules", () => {
  test("relative and nested ones are fetched at their commits and look as git left them", async () => {
    const server = await serve({ accounts: [{ token: "tok", access: ["org"] }] });
    const deep = await server.add("org/deep", { commits: [{ files: { "deep.txt": "deep\n" } }] });
    const lib = await withSubmodules(server, "org/lib", {
      "vendor/deep": { url: "../deep.git", commit: deep.commits["main"]! },
    });
    const top = await withSubmodules(server, "org/top", { "ext/lib": { url: "../lib", commit: lib.commits["main"]! } });
    const { target, reference } = await fetched(`${server.url}/org/top`, {
      credentials: [credential(`${server.url}/org/`)],
    });
    expect(reference.submodules).toEqual([
      { path: "ext/lib", url: `${server.url}/org/lib`, commit: lib.commits["main"] },
      { path: "ext/lib/vendor/deep", url: `${server.url}/org/deep.git`, commit: deep.commits["main"] },
    ]);
    expect(await readFile(join(target, "ext/lib/vendor/deep/deep.txt"), "utf8")).toBe("deep\n");
    expect(await readFile(join(target, "ext/lib/.git"), "utf8")).toBe("gitdir: ../../.git/modules/ext/lib\n");
    expect(await git(target, ["status", "--porcelain"])).toBe("");
    const [libCommit, deepCommit] = [lib.commits["main"]!, deep.commits["main"]!];
    expect(await git(target, ["submodule", "status", "--recursive"])).toBe(
      ` ${libCommit} ext/lib (${libCommit.slice(0, 7)})\n ${deepCommit} ext/lib/vendor/deep (${deepCommit.slice(0, 7)})`,
    );
    expect(await git(join(target, "ext/lib/vendor/deep"), ["rev-parse", "--show-toplevel"])).toBe(
      join(target, "ext/lib/vendor/deep"),
    );
    expect(
      await git(target, ["submodule", "foreach", "--recursive", "-q", "git fsck && git remote get-url origin"]),
    ).toContain(`${server.url}/org/deep.git`);
    expect(top.commits["main"]).toBe(reference.commit);
  });

  test("git itself updates and pulls them later", async () => {
    const server = await serve();
    const one = await server.add("org/lib", { commits: [{ name: "old", files: { a: "1" } }, { files: { a: "2" } }] });
    const spec = (commit: string) => ({
      ".gitmodules": '[submodule "lib"]\n\tpath = lib\n\turl = ../lib\n',
      lib: { submodule: commit },
    });
    const first = { files: spec(one.commits["old"]!) };
    await server.add("org/top", { commits: [first] });
    const { target } = await fetched(`${server.url}/org/top`, {});
    const { rm } = await import("node:fs/promises");
    await rm(join(server.root, "org/top.git"), { recursive: true });
    await server.add("org/top", { commits: [first, { files: spec(one.commits["main"]!) }] });
    await git(target, ["pull", "-q", "--recurse-submodules"]);
    expect(await readFile(join(target, "lib/a"), "utf8")).toBe("2");
    expect(await git(target, ["status", "--porcelain"])).toBe("");
  });

  test("only those below the given paths, and an error for a path that is none", async () => {
    const server = await serve();
    const lib = await server.add("org/lib");
    const commit = lib.commits["main"]!;
    await withSubmodules(server, "org/top", {
      "a/one": { url: "../lib", commit },
      "a/two": { url: "../lib", commit },
      b: { url: "../lib", commit },
    });
    const { reference, target } = await fetched(`${server.url}/org/top`, { submodules: ["a/one", "b/"] });
    expect(reference.submodules?.map(({ path }) => path)).toEqual(["a/one", "b"]);
    expect(await git(target, ["status", "--porcelain"])).toBe("");
    await expect(fetched(`${server.url}/org/top`, { submodules: ["a/one", "c"] })).rejects.toMatchObject({
      code: "GIT_SUBMODULE_INVALID",
      message: expect.stringContaining('"c"'),
    });
  });

  test("one on another host, or of another owner, gets no credential but its own", async () => {
    const server = await serve({ accounts: [{ token: "tok", access: ["org"] }], public: ["other"] });
    const elsewhere = await serve({ host: "127.0.0.2", accounts: [{ token: "second" }] });
    const open = await serve({ host: "127.0.0.3" });
    const [own, far, wide] = [await server.add("other/lib"), await elsewhere.add("org/lib"), await open.add("org/lib")];
    await withSubmodules(server, "org/top", {
      own: { url: `${server.url}/other/lib`, commit: own.commits["main"]! },
      far: { url: `${elsewhere.url}/org/lib`, commit: far.commits["main"]! },
      wide: { url: `${open.url}/org/lib`, commit: wide.commits["main"]! },
    });
    const credentials = [
      credential(`${server.url}/org/`),
      credential(`${elsewhere.url}/org/`, { http: { kind: "basic", username: "x", password: "second" } }),
    ];
    const { reference } = await fetched(`${server.url}/org/top`, { credentials });
    expect(reference.submodules).toHaveLength(3);
    const sent = (one: GitServer) =>
      new Set(one.requests.filter(({ path }) => path.includes("lib")).map(({ headers }) => headers.authorization));
    expect(sent(server)).toEqual(new Set([undefined]));
    expect(sent(open)).toEqual(new Set([undefined]));
    expect([...sent(elsewhere)].filter(Boolean)).toEqual([`Basic ${Buffer.from("x:second").toString("base64")}`]);
  });

  test("errors name the submodule, and leave no target", async () => {
    const server = await serve({ accounts: [{ token: "tok", access: ["org"] }] });
    const other = await serve({ host: "127.0.0.2", accounts: [{ token: "?" }] });
    const lib = await server.add("org/lib");
    const commit = lib.commits["main"]!;
    const credentials = [credential(`${server.url}/org/`)];
    for (const [name, module, code] of [
      ["gone", { url: "../nothere", commit }, "GIT_REPOSITORY_NOT_FOUND"],
      ["moved", { url: "../lib", commit: "1".repeat(40) }, "GIT_REVISION_NOT_FOUND"],
      ["private", { url: `${other.url}/org/lib`, commit }, "GIT_CREDENTIAL_MISSING"],
      ["down", { url: "http://127.0.0.1:1/org/lib", commit }, "HOST_REFUSED"],
    ] as const) {
      await withSubmodules(server, `org/${name}`, { [`sub/${name}`]: module });
      await expect(fetched(`${server.url}/org/${name}`, { credentials }), name).rejects.toMatchObject({
        code,
        message: expect.stringContaining(`submodule "sub/${name}"`),
      });
    }
  });

  test("hostile ones are refused before anything is asked or written", async () => {
    const server = await serve();
    const thief = await serve({ host: "127.0.0.2" });
    const commit = "1".repeat(40);
    for (const [index, gitmodules] of [
      '[submodule "x"]\n\tpath = lib\n\turl = ext::sh -c touch% /tmp/owned\n',
      '[submodule "x"]\n\tpath = lib\n\turl = file:///etc\n',
      `[submodule "x"]\n\tpath = lib\n\turl = ../../../127.0.0.2:${thief.port}/org/lib\n`,
      '[submodule "../../x"]\n\tpath = lib\n\turl = ../lib\n',
      '[submodule "x"]\n\tpath = lib\n\turl = -u./payload\n',
    ].entries()) {
      await server.add(`org/t${index}`, {
        commits: [{ files: { ".gitmodules": gitmodules, lib: { submodule: commit } } }],
      });
      await expect(fetched(`${server.url}/org/t${index}`), gitmodules).rejects.toMatchObject({
        code: expect.stringMatching(/^(GIT_CONTENT_REFUSED|GIT_URL_INVALID|POLICY_REFUSED)$/),
      });
    }
    expect(thief.requests).toEqual([]);
  });

  test.each([
    ["x", "x/y"],
    ["x", "X"],
    ["X/y/z", "x"],
  ])("two whose repositories would be in one place: %s, %s", async (...names) => {
    const server = await serve();
    const [first, second] = names.map((name, at) => `[submodule "${name}"]\n\tpath = p${at}\n\turl = ../lib\n`);
    const lib = await server.add("org/lib");
    const link = { submodule: lib.commits["main"]! };
    const files = { ".gitmodules": `${first}${second}`, p0: link, p1: link };
    await server.add("org/top", { commits: [{ files }] });
    server.requests.length = 0;
    await expect(fetched(`${server.url}/org/top`)).rejects.toMatchObject({ code: "GIT_CONTENT_REFUSED" });
    expect(server.requests.filter(({ path }) => path.includes("lib"))).toEqual([]);
  });

  test("stay as they are when they are not asked for", async () => {
    const server = await serve();
    await withSubmodules(server, "org/top", { lib: { url: "../none", commit: "1".repeat(40) } });
    const { target, reference } = await fetched(`${server.url}/org/top`, { submodules: false });
    expect(reference.submodules).toBeUndefined();
    expect(await git(target, ["status", "--porcelain"])).toBe("");
    expect((await execa("git", ["submodule", "status"], { cwd: target })).stdout).toBe(`-${"1".repeat(40)} lib`);
  });
});

describe.skipIf(noSshServer)(
  `submodules over ssh${noSshServer === undefined ? "" : ` (skipped: ${noSshServer})`}`,
  () => {
    test("an ssh url uses https below a scope that has a token, and the reverse", async () => {
      const server = await serve({ accounts: [{ token: "tok", access: ["org"] }] });
      const key = await makeSshKey();
      const ssh = await startSshServer({ root: server.root, keys: [{ publicKey: key.publicKey }] });
      servers.push(ssh);
      const lib = await server.add("org/lib");
      const commit = lib.commits["main"]!;
      await withSubmodules(server, "org/overssh", { lib: { url: `${ssh.url}/org/lib.git`, commit } });
      const token = credential(`${server.url}/org/`);
      const one = await fetched(`${server.url}/org/overssh`, { credentials: [token] });
      expect(one.reference.submodules).toEqual([{ path: "lib", url: `${server.url}/org/lib.git`, commit }]);
      expect(ssh.commands()).toEqual([]);

      await withSubmodules(server, "org/overhttp", {
        lib: { url: `${server.url}/org/lib.git`, commit },
        rel: { url: "../lib", commit },
      });
      const { http: _, ...keyed } = credential(`ssh://${ssh.host}:${ssh.port}/org/`, {
        ssh: { privateKey: key.privateKey },
        knownHosts: ssh.knownHosts,
      });
      server.requests.length = 0;
      const two = await fetched(`${ssh.url}/org/overhttp.git`, { credentials: [keyed] });
      expect(two.reference.submodules?.map(({ path }) => path)).toEqual(["lib", "rel"]);
      expect(await git(two.target, ["status", "--porcelain"])).toBe("");
      expect(server.requests).toEqual([]);
    });
  },
);

test("all submodules together are held against the policy", async () => {
  const server = await serve();
  const lib = await server.add("org/lib", { commits: [{ files: { a: "1", b: "2" } }] });
  const names = ["one", "two", "three"];
  const modules = names.map((name) => `[submodule "${name}"]\n\tpath = ${name}\n\turl = ../lib\n`).join("");
  const links = Object.fromEntries(names.map((name) => [name, { submodule: lib.commits["main"]! }]));
  await server.add("org/test", { commits: [{ files: { ".gitmodules": modules, ...links } }] });
  const request = (maxFiles: number) => ({ request: { policy: { ...DEFAULT_POLICY, maxFiles } } });
  await fetched(`${server.url}/org/test`, request(7));
  await expect(fetched(`${server.url}/org/test`, request(6))).rejects.toMatchObject({ code: "GIT_TOO_LARGE" });
});

test("what is beside a submodule stays, though it is called as a killed process's leftovers are", async () => {
  const server = await serve();
  const lib = await server.add("org/lib");
  const left = `.bowline-${ownMark().replace(/-\d+-/, "-4194303-")}-abcdef/file`;
  const files = {
    ".gitmodules": '[submodule "lib"]\n\tpath = lib\n\turl = ../lib\n',
    [left]: "1",
    lib: { submodule: lib.commits["main"]! },
  };
  await server.add("org/test", { commits: [{ files }] });
  const { target } = await fetched(`${server.url}/org/test`);
  expect(await readFile(join(target, left), "utf8")).toBe("1");
  expect(await git(target, ["status", "--porcelain"])).toBe("");
});
