import { execa } from "execa";
import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Credential } from "../../src/connections/index.ts";
import { sshProblem } from "../../src/git/ssh/ssh-errors.ts";
import { readHostKeys } from "../../src/git/ssh/ssh-host-keys.ts";
import { openSsh, type SshOptions } from "../../src/git/ssh/ssh.ts";
import { parseGitUrl } from "../../src/lib/index.ts";
import {
  makeRepository,
  makeSshKey,
  noSshServer,
  startProxy,
  startSshServer,
  temporaryFolder,
  type SshKey,
  type SshServer,
} from "../support/index.ts";
import { refused, requestFor } from "./request.ts";

const timeouts = { connect: 2000, stall: 3000, resolve: 5000, materialize: 20_000 };

describe.skipIf(noSshServer)(`ssh${noSshServer === undefined ? "" : ` (skipped: ${noSshServer})`}`, () => {
  let root: string;
  let server: SshServer;
  let key: SshKey;
  let encrypted: SshKey;

  beforeAll(async () => {
    root = await temporaryFolder();
    await makeRepository(join(root, "org/test.git"));
    [key, encrypted] = await Promise.all([makeSshKey(), makeSshKey({ passphrase: "open sesame" })]);
    server = await startSshServer({
      root,
      keys: [{ publicKey: key.publicKey, access: ["org"] }, { publicKey: encrypted.publicKey }],
    });
  });
  afterAll(() => server.close());

  function credential(extra: Partial<Credential> = {}): Credential {
    const ssh = { privateKey: key.privateKey };
    return {
      scope: server.url,
      source: 'connection "c"',
      ssh,
      knownHosts: server.knownHosts,
      secretValues: [],
      ...extra,
    };
  }

  async function list(extra: Partial<SshOptions> = {}): Promise<string> {
    const url = parseGitUrl(`${server.url}/org/test`);
    const options: SshOptions = { url, credential: credential(), connection: "c", timeouts, ...extra };
    const access = await openSsh(options);
    try {
      const env = { PATH: process.env["PATH"], LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", ...access.env };
      const { stdout, stderr, failed } = await execa("git", ["ls-remote", options.url.remote], {
        env,
        extendEnv: false,
        reject: false,
      });
      return failed
        ? `${sshProblem(stderr, { ...options, withKey: options.credential?.ssh !== undefined })?.code}`
        : stdout;
    } finally {
      await access.close();
    }
  }

  test("reads with the key, whatever became of its line ends", async () => {
    expect(await list()).toContain("refs/heads/branchA");
    for (const privateKey of [
      key.privateKey.replaceAll("\n", "\r\n"),
      key.privateKey.trimEnd(),
      `\n ${key.privateKey}\n\n`,
    ]) {
      expect(await list({ credential: credential({ ssh: { privateKey } }) })).toContain("refs/heads/main");
    }
  });

  test("takes a path below the login folder, and a key of the older form", async () => {
    const rsa = await makeSshKey({ type: "rsa", pem: true });
    const old = await startSshServer({ root, keys: [{ publicKey: rsa.publicKey }] });
    const url = parseGitUrl(`ssh://${old.user}@${old.host}:${old.port}/~/org/test.git`);
    expect(
      await list({ url, credential: credential({ ssh: { privateKey: rsa.privateKey }, knownHosts: old.knownHosts }) }),
    ).toContain("main");
    await old.close();
  });

  test("opens an encrypted key; its passphrase is in no argument and no environment", async () => {
    const passphrase = "open sesame";
    const ssh = { privateKey: encrypted.privateKey, passphrase };
    expect(await list({ credential: credential({ ssh }) })).toContain("refs/heads/main");
    const access = await openSsh({
      url: parseGitUrl(`${server.url}/org/test`),
      credential: credential({ ssh }),
      timeouts,
    });
    expect(JSON.stringify(access.env)).not.toContain(passphrase);
    expect((await readdir(access.folder)).sort()).toEqual(["askpass", "key", "known_hosts", "passphrase"]);
    await access.close();
    expect(existsSync(access.folder)).toBe(false);
  });

  test.each<[string, () => Credential["ssh"], string]>([
    ["no passphrase", () => ({ privateKey: encrypted.privateKey }), "encrypted"],
    ["a wrong passphrase", () => ({ privateKey: encrypted.privateKey, passphrase: "wrong" }), "does not open"],
    ["a damaged key", () => ({ privateKey: key.privateKey.replace(/\n.{20}/, "\n") }), "damaged"],
    ["a public key", () => ({ privateKey: key.publicKey }), "public key"],
    ["half a key", () => ({ privateKey: key.privateKey.slice(40) }), "not a private ssh key"],
  ])("%s is told before any server is asked", async (_, ssh, words) => {
    const before = server.commands().length;
    await expect(list({ credential: credential({ ssh: ssh()! }) })).rejects.toMatchObject({
      code: "SSH_KEY_INVALID",
      message: expect.stringContaining(words),
    });
    expect(server.commands()).toHaveLength(before);
  });

  test("an unknown or changed host key is refused before the key is offered", async () => {
    const { knownHosts: _, ...without } = credential();
    await expect(list({ credential: without })).rejects.toMatchObject({
      code: "SSH_HOST_KEY_UNKNOWN",
      hint: expect.stringContaining("bowline connections trust c"),
    });
    await expect(list({ credential: undefined })).rejects.toMatchObject({
      code: "SSH_HOST_KEY_UNKNOWN",
      hint: expect.stringContaining("give the connection a secret"),
    });
    expect(
      await list({ credential: credential({ knownHosts: "other.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK\n" }) }),
    ).toBe("SSH_HOST_KEY_UNKNOWN");
    const other = await makeSshKey();
    const changed = server.knownHosts.replace(/AAAA\S+/, other.publicKey.split(" ")[1]!);
    expect(await list({ credential: credential({ knownHosts: changed }) })).toBe("SSH_HOST_KEY_CHANGED");
  });

  test("shows the host's key with its fingerprint, to be compared and kept", async () => {
    const url = parseGitUrl(`${server.url}/org/test`);
    const { knownHosts: _, ...without } = credential();
    const before = server.commands().length;
    const [shown] = await readHostKeys({ url, credential: without, timeouts });
    expect(`${shown?.line}\n`).toBe(server.knownHosts);
    // nobody has said yet whose key that is: ours is not for it
    expect(server.commands()).toHaveLength(before);
    const file = join(await temporaryFolder(), "host.pub");
    await writeFile(file, server.hostKey.publicKey);
    const { stdout } = await execa("ssh-keygen", ["-l", "-f", file]);
    expect(stdout).toContain(shown?.fingerprint);
  });

  test("a key that is not let in, may not see the repository, or is missing", async () => {
    const stranger = await makeSshKey();
    expect(await list({ credential: credential({ ssh: { privateKey: stranger.privateKey } }) })).toBe(
      "GIT_CREDENTIAL_REFUSED",
    );
    const { ssh: _, ...keyless } = credential();
    expect(await list({ credential: keyless })).toBe("GIT_CREDENTIAL_MISSING");
    expect(await list({ url: parseGitUrl(`${server.url}/other/test`) })).toBe("GIT_REPOSITORY_NOT_FOUND");
  });

  test("a refusal in words of the server's own, as gitolite has them, is told with these words", async () => {
    const refusal = "FATAL: R any org/test ada DENIED by fallthru\n(or you mis-spelled the reponame)";
    const words = 'its server says "R any org/test ada DENIED by fallthru"';
    const keys = [{ publicKey: key.publicKey, access: ["elsewhere"] }];
    const strict = await startSshServer({ root, keys, refusal });
    const url = `${strict.url}/org/test.git`;
    const mine = credential({ scope: `ssh://${strict.host}:${strict.port}/org/`, knownHosts: strict.knownHosts });
    const asked = requestFor(url, { findCredential: () => Promise.resolve(mine) });
    for (const pin of [undefined, { commit: "b0".repeat(20) }])
      expect(await refused(asked, pin)).toMatchObject({
        code: "GIT_REPOSITORY_NOT_FOUND",
        message: `"${url}" is not a git repository, or not for this user: ${words}`,
      });
    await strict.close();
  });

  test("a host that is not there, refuses, or says nothing", async () => {
    expect(await list({ url: parseGitUrl("git@nowhere.invalid:org/test") })).toBe("HOST_NOT_FOUND");
    expect(await list({ url: parseGitUrl("ssh://git@127.0.0.1:1/org/test") })).toBe("HOST_REFUSED");
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    expect(await list({ url: parseGitUrl(`ssh://git@127.0.0.1:${port}/org/test`) })).toBe("HOST_TIMEOUT");
    silent.close();
  });

  test("goes through an HTTP proxy with a password; the host's key is still its own", async () => {
    const proxy = await startProxy({ username: "me", password: "p@ss" });
    const login = proxy.url.replace("//", `//me:${encodeURIComponent("p@ss")}@`);
    expect(await list({ credential: credential({ proxy: login }) })).toContain("refs/heads/main");
    expect(proxy.requests).toMatchObject([{ target: `${server.host}:${server.port}` }]);
    const refused = list({ credential: credential({ proxy: proxy.url }) });
    await expect(refused).rejects.toMatchObject({ code: "PROXY_FAILED", message: expect.stringContaining("407") });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining("p@ss") });
    await proxy.close();
  });

  test("works for a user id without a name, where user namespaces are allowed", async (context) => {
    if (process.getuid?.() !== 0) return context.skip("needs root to become another user");
    const id = 54_321;
    const as = ["--reuid", `${id}`, "--regid", `${id}`, "--clear-groups"];
    const { failed } = await execa("setpriv", [...as, "unshare", "--user", "--map-root-user", "--", "true"], {
      reject: false,
    });
    if (failed) return context.skip("user namespaces are not allowed here");
    const folder = await temporaryFolder();
    const access = await openSsh({
      url: parseGitUrl(`${server.url}/org/test`),
      credential: credential(),
      timeouts,
      folder,
    });
    await execa("chown", ["-R", `${id}:${id}`, folder]);
    const run = (command: string) =>
      execa("setpriv", [...as, "git", "ls-remote", `${server.url}/org/test`], {
        env: { ...access.env, GIT_SSH_COMMAND: command, HOME: folder },
        reject: false,
      });
    expect((await run(access.env["GIT_SSH_COMMAND"]!)).stderr).toContain("No user exists for uid");
    expect((await run(`unshare --user --map-root-user -- ${access.env["GIT_SSH_COMMAND"]}`)).stdout).toContain(
      "refs/heads/main",
    );
    await access.close();
  });
});
