import { existsSync } from "node:fs";
import { chmod, lstat, mkdir, readdir, readlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { materialize, resolve, type GitRequest } from "../../src/git/index.ts";
import type { BowlineError } from "../../src/lib/index.ts";
import { childScript } from "../support/child-script.ts";
import { git, startGitServer, temporaryFolder, type FileSpec, type GitServer } from "../support/index.ts";
import { fetchCode, requestFor, WAY } from "./request.ts";

let server: GitServer;
let thief: GitServer;
/** Comes into being when something of the attacker's is run. */
let mark: string;
let payload: string;

beforeAll(async () => {
  server = await startGitServer();
  thief = await startGitServer({ host: "127.0.0.2" });
  await server.add("org/test");
  await thief.add("org/test");
  const folder = await temporaryFolder();
  mark = join(folder, "owned");
  payload = join(folder, "payload");
  await writeFile(payload, `#!/bin/sh\ntouch '${mark}'\n`, { mode: 0o755 });
});
afterAll(async () => {
  await server.close();
  await thief.close();
});
beforeEach(() => {
  server.requests.length = 0;
});

function request(name = "test", options: Partial<GitRequest["options"]> = {}): GitRequest {
  const base = requestFor(`${server.url}/org/${name}`);
  return { ...base, options: { ...base.options, ...options } };
}

/** The error of fetching, and proof that nothing is left beside the target and nothing was run. */
async function refused(asked: GitRequest): Promise<unknown> {
  const target = join(await temporaryFolder(), "repo");
  const error: unknown = await resolve(asked)
    .then((resolution) => materialize({ ...asked, resolution, target }))
    .then(
      () => "fetched",
      (thrown: unknown) => thrown,
    );
  expect(await readdir(dirname(target))).toEqual([]);
  expect(existsSync(mark)).toBe(false);
  return error;
}

describe("what a user writes does not become an option of git", () => {
  it("as a url", async () => {
    const urls = [
      `--upload-pack=${payload}`,
      `-u${payload}`,
      `ext::${payload}`,
      `ext::sh -c ${payload}`,
      `file://${server.root}/org/test.git`,
      `${server.root}/org/test.git`,
      `ssh://-oProxyCommand=${payload}/org/test`,
      `-oProxyCommand=${payload}:org/test`,
      `git://127.0.0.1:${server.port}/org/test`,
      `${server.url}/org/test\n--upload-pack=${payload}`,
      `${server.url}/org/../other/test`,
    ];
    for (const url of urls) {
      expect(await refused({ ...request(), url }), url).toMatchObject({
        code: expect.stringMatching(/^(GIT_URL_INVALID|POLICY_REFUSED)$/),
      });
    }
    expect(server.requests).toEqual([]);
  });

  it("as a revision, for resolve and where it comes with a pin", async () => {
    const revisions = [`--upload-pack=${payload}`, `-u${payload}`, "+main:refs/heads/x", "main:x", "^main", "main\n-x"];
    for (const revision of revisions) {
      expect(await refused({ ...request(), revision }), revision).toMatchObject({ code: "GIT_REVISION_INVALID" });
    }
    expect(server.requests).toEqual([]);
  });

  it("as a commit or a reference of a pin", async () => {
    const good = "6654115d36cde16be9e359b34d17b165ca0ef85b";
    const pins = [
      { commit: `--upload-pack=${payload}` },
      { commit: "main" },
      { commit: good, ref: `--upload-pack=${payload}` },
      { commit: good, ref: "refs/heads/../../hooks/post-checkout" },
      { commit: good, ref: "refs/heads/x\ny" },
    ];
    for (const resolution of pins) {
      const parent = await temporaryFolder();
      const failing = materialize({ ...request(), resolution, target: join(parent, "repo") });
      await expect(failing, JSON.stringify(resolution)).rejects.toMatchObject({ code: "GIT_REVISION_INVALID" });
      expect(await readdir(parent)).toEqual([]);
    }
    expect(server.requests).toEqual([]);
  });

  it("as the branch that a server says HEAD is", async () => {
    const line = "6654115d36cde16be9e359b34d17b165ca0ef85b HEAD symref-target:refs/heads/../../hooks/post-checkout\n";
    const body = `${(line.length + 4).toString(16).padStart(4, "0")}${line}0000`;
    const headers = { "content-type": "application/x-git-upload-pack-result" };
    server.faults.push({ match: (one) => one.body.includes("command=ls-refs"), status: 200, headers, body });
    const error = await refused(request());
    server.faults.length = 0;
    expect(error).toMatchObject({ code: "GIT_REVISION_INVALID" });
  });

  it("as a folder of a sparse checkout", async () => {
    for (const folder of [`--stdin`, "../..", "a/../../b", ".git/hooks", "a\nb", "a\\b"]) {
      expect(await refused(request("test", { sparse: [folder] })), folder).toMatchObject({ code: "PATH_INVALID" });
    }
  });

  it("as the path of a submodule", async () => {
    for (const path of [`--upload-pack=${payload}`, "../..", "data"]) {
      const error = await refused(request("test", { submodules: [path] }));
      expect(error, path).toMatchObject({ code: "GIT_SUBMODULE_INVALID" });
    }
  });
});

describe("what a repository holds does nothing to this machine", () => {
  const submodule = (name: string, lines: string): string => `[submodule "${name}"]\n${lines}`;

  it.each([
    ["an option as url", submodule("x", "path = lib\nurl = -u./payload\n"), "lib", {}],
    ["a name that leads out", submodule("../../x", "path = lib\nurl = ../test\n"), "lib", {}],
    ["a command as update", submodule("x", "path = lib\nurl = ../test\nupdate = !./payload\n"), "lib", {}],
    [
      "a path that ends in a carriage return, and a link to the hooks",
      submodule("x", 'path = "lib\r"\nurl = ../test\n'),
      "lib\r",
      { lib: { symlink: ".git/modules/x/hooks" } },
    ],
  ] as [string, string, string, Record<string, FileSpec>][])("a submodule with %s", async (what, text, path, more) => {
    const commit = "6654115d36cde16be9e359b34d17b165ca0ef85b";
    const name = `sub-${what.replaceAll(/\W+/g, "-")}`;
    const files = { ".gitmodules": text, payload: { executable: `#!/bin/sh\ntouch '${mark}'\n` }, ...more };
    await server.add(`org/${name}`, { commits: [{ files: { ...files, [path]: { submodule: commit } } }] });
    const error = await refused(request(name, { submodules: true }));
    expect(error).toMatchObject({ code: "GIT_CONTENT_REFUSED" });
  });

  it.each(["-u./payload", "ext::sh -c ./payload"])(
    "a submodule that a filter hides from git's checks (%s)",
    async (url) => {
      const files = {
        ".gitmodules": submodule("x", `path = lib\nurl = ${url}\n`),
        lib: { submodule: "b0".repeat(20) },
      };
      await server.add("org/hidden", { commits: [{ files }] });
      expect(await refused(request("hidden", { submodules: true, history: "commits" }))).toMatchObject({ exitCode: 2 });
    },
  );

  it("a submodule below a folder that differs from a link only in its letters goes into the folder", async () => {
    const lib = await server.add("org/lib");
    const outside = await temporaryFolder();
    const files = {
      ".gitmodules": submodule("x", "path = a/lib\nurl = ../lib\n"),
      A: { symlink: outside },
      "a/lib": { submodule: lib.commits["main"]! },
    };
    await server.add("org/letters", { commits: [{ files }] });
    const fetching = fetchCode(request("letters", { submodules: true }));
    const code = await fetching.then(
      () => "fetched",
      (error: BowlineError) => error.code,
    );
    // a file system that takes both names as one lets git write neither
    expect(code).toMatch(/^(fetched|GIT_CONTENT_REFUSED)$/);
    expect(await readdir(outside)).toEqual([]);
  });

  /** A commit with a tree that no git would make: entries as `git mktree` takes them. */
  async function forged(name: string, entries: (object: { blob: string; tree: string }) => string[]): Promise<void> {
    const { path } = await server.add(`org/${name}`);
    const blob = await git(path, ["hash-object", "-w", "--stdin"], Buffer.from("/tmp"));
    const mktree = (lines: string[]): Promise<string> =>
      git(path, ["mktree", "--missing"], Buffer.from(`${lines.join("\n")}\n`));
    const tree = await mktree([`100755 blob ${blob}\tpost-checkout`]);
    const top = await mktree(entries({ blob, tree }));
    const login = ["-c", "user.name=x", "-c", "user.email=x@example.com"];
    const commit = await git(path, [...login, "commit-tree", "-m", "x", top]);
    await git(path, ["update-ref", "refs/heads/main", commit]);
  }

  it.each(["a", ".GIT", ".git", "git~1", "..", ".git\u200c"])(
    "a tree with a folder it must not have: %j",
    async (name) => {
      const repository = `tree-${Buffer.from(name).toString("hex")}`;
      await forged(repository, ({ blob, tree }) => [
        ...(name === "a" ? [`120000 blob ${blob}\ta`] : []),
        `040000 tree ${tree}\t${name}`,
      ]);
      for (const sparse of [[], ["x"]])
        expect(await refused(request(repository, { sparse }))).toMatchObject({ code: "GIT_CONTENT_REFUSED" });
    },
  );

  it("links out of the tree stay links, and nothing is written through them", async () => {
    const outside = await temporaryFolder();
    const files = { out: { symlink: outside }, up: { symlink: "../../.." }, etc: { symlink: "/etc/passwd" }, a: "1" };
    await server.add("org/links", { commits: [{ files }] });
    for (const sparse of [[], ["out"], ["out/x", "up"]]) {
      const { target } = await fetchCode(request("links", { sparse }));
      expect(await readlink(join(target, "out"))).toBe(outside);
      expect(await readlink(join(target, "etc"))).toBe("/etc/passwd");
      expect((await lstat(join(target, "up"))).isSymbolicLink()).toBe(true);
    }
    expect(await readdir(outside)).toEqual([]);
  });

  it("a small pack that unfolds to more than the policy allows is not written", async () => {
    await server.add("org/bomb", { commits: [{ files: { zeros: Buffer.alloc(20_000_000) } }] });
    const asked = { ...request("bomb"), policy: { ...DEFAULT_POLICY, maxBytes: 1_000_000 } };
    expect(await refused(asked)).toMatchObject({ code: "GIT_TOO_LARGE" });
    const sparse = { ...asked, options: { ...asked.options, sparse: ["x"] } };
    expect(await refused(sparse)).toMatchObject({ code: "GIT_TOO_LARGE" });
  });
});

describe("the user's own set-up", () => {
  it("of git and ssh, in files and variables, is not heard", async () => {
    const files = { ".gitattributes": "* filter=evil diff=evil merge=evil text\n", a: "1\n" };
    const { commits } = await server.add("org/filtered", { commits: [{ files }] });
    const [home, hooks, trace] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()];
    for (const hook of ["post-checkout", "post-index-change", "reference-transaction"]) {
      await writeFile(join(hooks, hook), `#!/bin/sh\ntouch '${mark}'\n`);
      await chmod(join(hooks, hook), 0o755);
    }
    const template = await temporaryFolder();
    await mkdir(join(template, "hooks"));
    await writeFile(join(template, "hooks/post-checkout"), `#!/bin/sh\ntouch '${mark}'\n`, { mode: 0o755 });
    const config = `[core]\nhooksPath = ${hooks}\nfsmonitor = ${payload}\nsshCommand = ${payload}\naskPass = ${payload}\n
[url "${thief.url}/"]\ninsteadOf = ${server.url}/\n[http]\nproxy = ${thief.url}\nextraHeader = X-Evil: 1\n
[credential]\nhelper = !${payload}\n[init]\ntemplateDir = ${template}\n
[filter "evil"]\nsmudge = ${payload}\nclean = ${payload}\nrequired = true\n`;
    await writeFile(join(home, ".gitconfig"), config);
    await mkdir(join(home, ".config/git"), { recursive: true });
    await writeFile(join(home, ".config/git/config"), config);
    await writeFile(join(home, ".netrc"), `machine 127.0.0.1 login evil password evil\n`, { mode: 0o600 });
    const env = {
      HOME: home,
      XDG_CONFIG_HOME: join(home, ".config"),
      GIT_CONFIG_GLOBAL: join(home, ".gitconfig"),
      GIT_CONFIG_SYSTEM: join(home, ".gitconfig"),
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "core.hooksPath",
      GIT_CONFIG_VALUE_0: hooks,
      GIT_CONFIG_PARAMETERS: `'core.hooksPath'='${hooks}'`,
      GIT_DIR: join(home, "nowhere"),
      GIT_WORK_TREE: home,
      GIT_INDEX_FILE: join(trace, "index"),
      GIT_OBJECT_DIRECTORY: trace,
      GIT_TEMPLATE_DIR: template,
      GIT_EXEC_PATH: hooks,
      GIT_ASKPASS: payload,
      SSH_ASKPASS: payload,
      GIT_SSH: payload,
      GIT_SSH_COMMAND: payload,
      GIT_PROXY_COMMAND: payload,
      GIT_EDITOR: payload,
      GIT_ALLOW_PROTOCOL: "ext",
      GIT_TRACE: join(trace, "trace"),
      GIT_TRACE2: join(trace, "trace2"),
      GIT_CURL_VERBOSE: "1",
    };
    const script = await childScript(`
      import { resolve, materialize } from "#src/git/index.ts";
      import { DEFAULT_POLICY, networkFrom } from "#src/config/index.ts";
      const [url, target, locked] = args;
      const request = { url, policy: DEFAULT_POLICY, network: networkFrom(process.env), findCredential: async () => undefined,
        options: { history: 1, tags: false, submodules: false, lfs: false, sparse: [] } };
      const { commit } = await materialize({ ...request, resolution: await resolve(request), target });
      const pinned = { ...request, url: locked, resolution: { commit }, target: target + "2" };
      print([commit, await materialize(pinned).catch(({ code }) => code)]);
    `);
    const target = join(await temporaryFolder(), "repo");
    const locked = await startGitServer({ accounts: [{ username: "evil", password: "evil" }], root: server.root });
    const words = [`${server.url}/org/filtered`, target, `${locked.url}/org/filtered`];
    const found = await script.run(words, { env: { ...env, BOWLINE_GIT_FETCH: WAY } });
    script.remove();
    await locked.close();
    // .netrc would open it
    expect(found).toEqual([commits["main"], "GIT_CREDENTIAL_MISSING"]);
    expect(existsSync(mark)).toBe(false);
    expect(await readdir(trace)).toEqual([]);
    expect(thief.requests).toEqual([]);
    const sent = server.requests.flatMap(({ headers }) => [headers.authorization, headers["x-evil"]]);
    expect(sent.filter(Boolean)).toEqual([]);
    expect(existsSync(join(target, ".git/hooks"))).toBe(false);
  });
});
