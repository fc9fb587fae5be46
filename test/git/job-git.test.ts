import { execa } from "execa";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { scopeOf, type Credential } from "../../src/connections/index.ts";
import { prepareJobGit, type JobConnection, type JobGit } from "../../src/git/job/job-git.ts";
import { parseGitUrl } from "../../src/lib/index.ts";
import {
  makeRepository,
  makeSshKey,
  noSshServer,
  startGitServer,
  startSshServer,
  temporaryFolder,
  type GitServer,
  type GitServerOptions,
} from "../support/index.ts";

const servers: GitServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(options: GitServerOptions): Promise<GitServer> {
  const server = await startGitServer(options);
  servers.push(server);
  return server;
}

function connection(name: string, url: string, extra: Partial<Credential>): JobConnection {
  return {
    name,
    url,
    credential: { scope: scopeOf(parseGitUrl(url)), source: `connection "${name}"`, secretValues: [], ...extra },
  };
}

const basic = (username: string, password: string): Partial<Credential> => ({
  http: { kind: "basic", username, password },
});

/** A job of its own: a home folder, and what prepareJobGit gave. */
async function job(connections: JobConnection[], extra: Record<string, string> = {}): Promise<Job> {
  const home = await temporaryFolder();
  const folder = join(home, "private");
  await mkdir(folder, { mode: 0o700 });
  const prepare = (all: JobConnection[]) =>
    prepareJobGit({ connections: all, folder, safeDirectories: [], env: extra, policy: DEFAULT_POLICY });
  const prepared = prepare(connections);
  await write(folder, prepared);
  const env = {
    PATH: process.env["PATH"],
    HOME: home,
    LC_ALL: "C",
    GIT_AUTHOR_NAME: "A",
    GIT_AUTHOR_EMAIL: "a@b",
    GIT_COMMITTER_NAME: "A",
    GIT_COMMITTER_EMAIL: "a@b",
    ...extra,
    ...prepared.env,
  };
  return {
    home,
    prepared,
    async git(...args) {
      const { stdout, stderr, failed } = await execa("git", args, {
        cwd: home,
        env,
        extendEnv: false,
        reject: false,
        stdin: "ignore",
      });
      return failed ? `failed: ${stderr}` : `${stdout}${stderr}`;
    },
    rotate: (all) => write(folder, prepare(all)),
  };
}

interface Job {
  home: string;
  prepared: JobGit;
  git: (...args: string[]) => Promise<string>;
  rotate: (connections: JobConnection[]) => Promise<void>;
}

async function write(folder: string, { files }: JobGit): Promise<void> {
  for (const { name, mode, content } of files) {
    await writeFile(join(folder, `${name}.new`), content, { mode });
    await rename(join(folder, `${name}.new`), join(folder, name));
  }
}

describe("git in a job", () => {
  test("clones, fetches, pulls and pushes with plain git; nothing is in .git or in the environment", async () => {
    const password = "p@/#%? ss:w\"o\\rd'";
    const server = await serve({ accounts: [{ username: "me", password, access: ["org"] }] });
    await server.add("org/test");
    const { home, git, prepared } = await job([connection("c", `${server.url}/org/test`, basic("me", password))]);
    expect(await git("clone", "-q", `${server.url}/org/test`, "clone")).toBe("");
    expect(await git("-C", "clone", "commit", "-q", "--allow-empty", "-m", "from the job")).toBe("");
    expect(await git("-C", "clone", "push", "-q", "origin", "main")).toBe("");
    expect(await git("-C", "clone", "pull", "-q")).toBe("");
    expect(await git("-C", "clone", "fetch", "-q", "--all")).toBe("");
    expect(await readFile(join(home, "clone/.git/config"), "utf8")).not.toMatch(/credential|helper|p@/);
    expect(JSON.stringify(prepared.env)).not.toContain("ss:w");
  });

  test("keeps two secrets on one host apart, by owner and by repository", async () => {
    const server = await serve({
      accounts: [
        { username: "x", token: "one", access: ["org/a"] },
        { username: "x", token: "two", access: ["org/b"] },
        { username: "y", token: "three", access: ["team"] },
      ],
    });
    for (const name of ["org/a", "org/b", "team/c", "team/d"]) await server.add(name);
    const { git } = await job([
      connection("a", `${server.url}/org/a`, basic("x", "one")),
      connection("b", `${server.url}/org/b.git`, basic("x", "two")),
      connection("c", `${server.url}/team/c`, basic("y", "three")),
    ]);
    for (const path of ["org/a", "org/a.git", "org/b", "org/b.git", "team/c", "team/d.git"]) {
      expect(await git("ls-remote", `${server.url}/${path}`)).toContain("refs/heads/main");
    }
  });

  test("gives the credential to no other owner, host or port, and asks nobody", async () => {
    const [server, other] = [
      await serve({ accounts: [{ token: "t", access: ["org"] }] }),
      await serve({ host: "127.0.0.2", accounts: [{ token: "t" }] }),
    ];
    for (const name of ["org/test", "organisation/test", "other/test"]) await server.add(name);
    await other.add("org/test");
    const { git } = await job([connection("c", `${server.url}/org/test`, basic("x", "t"))]);
    for (const url of [`${server.url}/other/test`, `${server.url}/organisation/test`, `${other.url}/org/test`]) {
      expect(await git("ls-remote", url)).toMatch(/failed: [^]*could not read Username/);
    }
    expect(
      [...server.requests, ...other.requests].filter(({ headers }) => headers.authorization !== undefined),
    ).toEqual([]);
  });

  test("asks at no terminal, trusts the run's repositories, and lets LFS ask with the path", async () => {
    const url = "https://h.example/org/test";
    const { env } = prepareJobGit({
      ...{ connections: [connection("c", url, basic("x", "t"))], folder: "/nowhere", policy: DEFAULT_POLICY },
      safeDirectories: ["/code/a", "/code/b c"],
    });
    expect(env["GIT_TERMINAL_PROMPT"]).toBe("0");
    const all = { PATH: process.env["PATH"]!, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", ...env };
    const says = async (...words: string[]): Promise<string> =>
      (await execa("git", ["config", ...words], { env: all, extendEnv: false, reject: false, cwd: "/" })).stdout;
    expect(await says("--get-all", "safe.directory")).toBe("/code/a\n/code/b c");
    // else git-lfs asks for the host, for which there is no helper
    expect(await says("--get-urlmatch", "credential.useHttpPath", `${url}.git/info/lfs`)).toBe("true");
    expect(await says("--get-urlmatch", "credential.useHttpPath", "https://h.example/other")).toBe("");
  });

  test("a redirect to another host is not told the credential", async () => {
    for (const http of [
      { kind: "basic", username: "x", password: "t" },
      { kind: "bearer", token: "t" },
    ] as const) {
      const thief = await serve({ host: "127.0.0.2" });
      await thief.add("org/test");
      const server = await serve({ forge: "redirecting", redirectTo: thief.url });
      const { git } = await job([connection("c", `${server.url}/org/test`, { http })]);
      await git("clone", "-q", `${server.url}/org/test`, "clone");
      expect(thief.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    }
  });

  test("follows a rotated secret, basic and bearer alike", async () => {
    const server = await serve({ accounts: [{ token: "old" }] });
    await server.add("org/test");
    const url = `${server.url}/org/test`;
    for (const make of [
      (token: string) => basic("x", token),
      (token: string): Partial<Credential> => ({ http: { kind: "bearer", token } }),
    ]) {
      server.accounts[0] = { token: "old" };
      const { git, rotate } = await job([connection("c", url, make("old"))]);
      expect(await git("ls-remote", url)).toContain("refs/heads/main");
      server.accounts[0] = { token: "new" };
      expect(await git("ls-remote", url)).toContain("failed");
      await rotate([connection("c", url, make("new"))]);
      expect(await git("ls-remote", url)).toContain("refs/heads/main");
    }
  });

  test("the user's own helpers are not told the secret, and serve other hosts as before", async () => {
    const server = await serve({ accounts: [{ token: "t" }] });
    const own = await serve({ host: "127.0.0.3", accounts: [{ username: "me", password: "mine" }] });
    await server.add("org/test");
    await own.add("org/test");
    const { home, git } = await job([connection("c", `${server.url}/org/test`, basic("x", "t"))]);
    await writeFile(join(home, ".gitconfig"), `[credential]\n\thelper = store --file ${home}/stored\n`);
    await writeFile(join(home, "stored"), `${own.url.replace("//", "//me:mine@")}\n`);
    expect(await git("ls-remote", `${server.url}/org/test`)).toContain("refs/heads/main");
    expect(await git("ls-remote", `${own.url}/org/test`)).toContain("refs/heads/main");
    expect(await readFile(join(home, "stored"), "utf8")).not.toContain(":t@");
  });

  test("trusts the connection's authority, and keeps the container's own git settings", async () => {
    const server = await serve({ tls: "good", accounts: [{ token: "t" }] });
    await server.add("org/test");
    const extra = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "user.name", GIT_CONFIG_VALUE_0: "Mine" };
    const { git } = await job(
      [connection("c", `${server.url}/org/test`, { ...basic("x", "t"), ca: server.ca })],
      extra,
    );
    expect(await git("ls-remote", `${server.url}/org/test`)).toContain("refs/heads/main");
    expect(await git("config", "user.name")).toBe("Mine");
  });

  test("a git that does not know GIT_CONFIG_COUNT is answered by a program, for the credential's host only", async () => {
    const server = await serve({ accounts: [{ username: "me", password: "p w'" }] });
    await server.add("org/test");
    const { git, prepared, home } = await job([connection("c", `${server.url}/org/test`, basic("me", "p w'"))]);
    const askpass = prepared.env["SSH_ASKPASS"]!;
    const ask = async (prompt: string) => (await execa(askpass, [prompt], { reject: false })).stdout;
    expect(await ask(`Username for '${server.url}': `)).toBe("me");
    expect(await ask(`Password for '${server.url.replace("//", "//me@")}': `)).toBe("p w'");
    expect(await ask("Username for 'http://127.0.0.2:80': ")).toBe("");
    expect(await ask("Are you sure you want to continue connecting (yes/no)? ")).toBe("");
    // What an old git would see of the environment.
    const env = { PATH: process.env["PATH"], HOME: home, SSH_ASKPASS: askpass };
    expect((await execa("git", ["ls-remote", `${server.url}/org/test`], { env, extendEnv: false })).stdout).toContain(
      "main",
    );
    expect(await git("ls-remote", `${server.url}/org/test`)).toContain("main");
  });
});

describe.skipIf(noSshServer)(`ssh in a job${noSshServer === undefined ? "" : ` (skipped: ${noSshServer})`}`, () => {
  test("takes the right key of several, an encrypted one too, by host, port and path", async () => {
    const root = await temporaryFolder();
    for (const name of ["org/a", "team/b", "other/c"]) await makeRepository(join(root, `${name}.git`));
    const [one, two] = [await makeSshKey(), await makeSshKey({ passphrase: "a b'c" })];
    const server = await startSshServer({
      root,
      keys: [
        { publicKey: one.publicKey, access: ["org"] },
        { publicKey: two.publicKey, access: ["team"] },
      ],
    });
    const { knownHosts } = server;
    const { git, prepared } = await job([
      connection("a", `${server.url}/org/a`, { ssh: { privateKey: one.privateKey }, knownHosts }),
      connection("b", `${server.url}/team/b`, {
        ssh: { privateKey: two.privateKey.replaceAll("\n", "\r\n"), passphrase: "a b'c" },
        knownHosts,
      }),
    ]);
    for (const path of ["org/a", "org/a.git", "team/b", "~/team/b"])
      expect(await git("ls-remote", `${server.url}/${path}`)).toContain("refs/heads/main");
    expect(await git("ls-remote", `${server.url}/other/c`)).toContain("Host key verification failed");
    expect(JSON.stringify(prepared.env)).not.toContain("PRIVATE");
    await server.close();
  });

  test("a submodule's ssh url uses https below a scope that has a token, and the reverse", async () => {
    const http = prepareJobGit({
      connections: [connection("c", "https://forge.example/org/test", basic("x", "t"))],
      folder: "/f",
      safeDirectories: [],
      policy: DEFAULT_POLICY,
    });
    expect(settingsOf(http)).toContain("url.https://forge.example/org/.insteadOf=git@forge.example:org/");
    expect(settingsOf(http)).toContain("url.https://forge.example/org/.insteadOf=ssh://git@forge.example/org/");
    const ssh = prepareJobGit({
      connections: [connection("c", "git@forge.example:org/test.git", { ssh: { privateKey: "k" } })],
      folder: "/f",
      safeDirectories: [],
      policy: DEFAULT_POLICY,
    });
    expect(settingsOf(ssh)).toContain("url.git@forge.example:org/.insteadOf=https://forge.example/org/");
  });
});

function settingsOf({ env }: JobGit): string[] {
  return Array.from(
    { length: Number(env["GIT_CONFIG_COUNT"]) },
    (_, index) => `${env[`GIT_CONFIG_KEY_${index}`]}=${env[`GIT_CONFIG_VALUE_${index}`]}`,
  );
}

test.each([
  ["a credential over plain http", "http://git.corp/team/repo", {}, "PLAIN_HTTP_REFUSED"],
  ["a host that the policy does not name", "https://other.corp/team/repo", { hosts: ["git.corp"] }, "POLICY_REFUSED"],
])("refuses %s before the job begins", (_, url, policy, code) => {
  const connections = [connection("repo-test", url, basic("ada", "s3cret"))];
  const options = { connections, folder: "/private", safeDirectories: [], policy: { ...DEFAULT_POLICY, ...policy } };
  expect(() => prepareJobGit(options)).toThrow(expect.objectContaining({ code }));
});
