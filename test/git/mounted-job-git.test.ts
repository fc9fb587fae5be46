import { execa } from "execa";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { scopeOf } from "../../src/connections/index.ts";
import { mountedJobGit, type MountedSecret } from "../../src/git/job/mounted-job-git.ts";
import { parseGitUrl } from "../../src/lib/index.ts";
import {
  makeRepository,
  makeSshKey,
  noSshServer,
  startGitServer,
  startSshServer,
  temporaryFolder,
  type Account,
  type GitServer,
} from "../support/index.ts";

const servers: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(accounts: Account[]): Promise<GitServer> {
  const server = await startGitServer({ accounts });
  servers.push(server);
  await server.add("org/test");
  return server;
}

/** A container with one connection, whose secret's keys are files of a folder. */
async function container(
  url: string,
  keys: Record<string, string>,
  more: Partial<MountedSecret> = {},
): Promise<{ folder: string; git: (...args: string[]) => Promise<string>; env: Record<string, string> }> {
  const home = await temporaryFolder();
  const folder = join(home, "secrets/0");
  await mkdir(folder, { recursive: true });
  await put(folder, keys);
  const secret = { folder, scope: scopeOf(parseGitUrl(url)), username: "oauth2", ...more };
  const { env } = mountedJobGit({
    connections: [{ name: "c", url, secret }],
    safeDirectories: [],
    policy: DEFAULT_POLICY,
  });
  const all = { PATH: process.env["PATH"], HOME: home, LC_ALL: "C", ...env };
  return {
    folder,
    env,
    async git(...args) {
      const options = { cwd: home, env: all, extendEnv: false, reject: false, stdin: "ignore" as const };
      const { stdout, stderr, failed } = await execa("git", args, options);
      return failed ? `failed: ${stderr}` : `${stdout}${stderr}`;
    },
  };
}

async function put(folder: string, keys: Record<string, string>): Promise<void> {
  for (const [key, value] of Object.entries(keys)) {
    await rm(join(folder, key), { force: true });
    await writeFile(join(folder, key), value, { mode: 0o444 });
  }
}

const TOKEN = "t:k/%#? \"'\\$(x)`";

describe("git with a mounted secret", () => {
  test.each([
    ["a token", { POLYAXON_GIT_CREDENTIALS: "plain-token" }, "oauth2", "plain-token"],
    ["a token with a newline", { POLYAXON_GIT_CREDENTIALS: "plain-token\r\n" }, "oauth2", "plain-token"],
    ["a token with a colon", { POLYAXON_GIT_CREDENTIALS: `:${TOKEN}` }, "oauth2", TOKEN],
    ["user and password", { POLYAXON_GIT_CREDENTIALS: `bob:${TOKEN}` }, "bob", TOKEN],
    ["two keys", { username: "bob\n", password: TOKEN }, "bob", TOKEN],
    ["a password alone", { password: TOKEN }, "oauth2", TOKEN],
  ])("%s", async (_, keys, username, password) => {
    const server = await serve([{ username, password, access: ["org"] }]);
    const { git, env } = await container(`${server.url}/org/test`, keys);
    expect(await git("ls-remote", `${server.url}/org/test`, "HEAD")).toMatch(/^[0-9a-f]{40}\tHEAD$/);
    expect(JSON.stringify(env)).not.toContain(password);
  });

  test("follows a secret that was changed, and is for its scope alone", async () => {
    const server = await serve([{ username: "oauth2", password: "second", access: ["org", "other"] }]);
    await server.add("other/repo");
    const { git, folder } = await container(`${server.url}/org/test`, { POLYAXON_GIT_CREDENTIALS: "first" });
    expect(await git("ls-remote", `${server.url}/org/test`)).toMatch(/^failed/);
    await put(folder, { POLYAXON_GIT_CREDENTIALS: "second" });
    expect(await git("ls-remote", `${server.url}/org/test`, "HEAD")).toMatch(/HEAD$/);
    expect(await git("ls-remote", `${server.url}/other/repo`)).toMatch(/^failed/);
  });

  test("knows Bitbucket's tokens by their prefix", async () => {
    const server = await serve([{ username: "x-bitbucket-api-token-auth", password: "ATATT-x", access: ["org"] }]);
    const keys = { POLYAXON_GIT_CREDENTIALS: "ATATT-x" };
    const { git } = await container(`${server.url}/org/test`, keys, { username: "x-token-auth" });
    expect(await git("ls-remote", `${server.url}/org/test`, "HEAD")).toMatch(/HEAD$/);
  });

  test("a bearer token is left to the kubelet to fill in", async () => {
    const options = { username: "", folder: "/s/0", scope: "https://h/o/", bearer: "TOKEN_0" };
    const { env, expanded } = mountedJobGit({
      connections: [{ name: "c", url: "https://h/o/r", secret: options }],
      safeDirectories: [],
      policy: DEFAULT_POLICY,
    });
    const headers = Object.entries(env).filter(([, value]) => value === "Authorization: Bearer $(TOKEN_0)");
    expect(headers.length).toBeGreaterThan(0);
    expect([...expanded].sort()).toEqual(headers.map(([name]) => name).sort());
  });

  const why = noSshServer === undefined ? "" : ` (skipped: ${noSshServer})`;
  test.skipIf(noSshServer !== undefined).each([
    ["a key that everybody may read", ""],
    ["a key with a passphrase", "s3cret phrase"],
  ])(`ssh with %s${why}`, async (_, passphrase) => {
    const root = await temporaryFolder();
    await makeRepository(join(root, "org/test.git"));
    const key = await makeSshKey({ passphrase });
    const server = await startSshServer({ root, keys: [{ publicKey: key.publicKey, access: ["org"] }] });
    servers.push(server);
    const keys = {
      "ssh-privatekey": key.privateKey.replaceAll("\n", "\r\n").trimEnd(),
      known_hosts: server.knownHosts,
      ...(passphrase === "" ? {} : { passphrase }),
    };
    const { git } = await container(`${server.url}/org/test`, keys);
    expect(await git("ls-remote", `${server.url}/org/test`, "HEAD")).toMatch(/HEAD$/);
    const strange = await container(`${server.url}/org/test`, { ...keys, known_hosts: "" });
    expect(await strange.git("ls-remote", `${server.url}/org/test`)).toMatch(/^failed: .*host key/is);
  });
});
