import { execa } from "execa";
import { spawnSync } from "node:child_process";
import { chmod, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeRepository, makeSshKey, noSshServer, startSshServer, temporaryFolder } from "../support/index.ts";
import type { Repository, SshKey, SshServer } from "../support/index.ts";
import { BOWLINE, newDesk, type Desk } from "./bowline.ts";

const NAMELESS = ["--reuid", "12345", "--regid", "12345", "--clear-groups"];

/** Why nothing can run as a user id without a name here, for the name of what is skipped. */
const noOtherUser = process.getuid?.() === 0 ? namespacesRefused() : "needs root to become another user";

function namespacesRefused(): string | undefined {
  const { status } = spawnSync("setpriv", [...NAMELESS, "unshare", "--user", "--map-root-user", "--", "true"]);
  return status === 0 ? undefined : "user namespaces are not allowed here";
}

describe.skipIf(noSshServer)(`a repository over ssh${noSshServer ? ` (skipped: ${noSshServer})` : ""}`, () => {
  let key: SshKey;
  let server: SshServer;
  let repository: Repository;

  beforeAll(async () => {
    const root = await temporaryFolder();
    key = await makeSshKey();
    repository = await makeRepository(join(root, "org/test.git"));
    server = await startSshServer({ root, keys: [{ publicKey: key.publicKey }] });
  });

  afterAll(() => server.close());

  test("is refused until its host key is trusted, by a command that shows the fingerprint; then it runs", async () => {
    const desk = await sshDesk();
    const unknown = await desk.bowline(["connections", "check", "repo-ssh", ...NAMED]);
    expect(unknown.exitCode).toBe(4);
    expect(unknown.stderr).toContain("[SSH_HOST_KEY_UNKNOWN]");
    expect(unknown.stderr).toContain("bowline connections trust repo-ssh");

    const asked = await desk.bowline(["connections", "trust", "repo-ssh", ...NAMED]);
    expect(asked.exitCode).toBe(2);
    expect(asked.stderr).toMatch(/shows ssh-ed25519 SHA256:[\w+/]{43}\n/);
    expect((await desk.bowline(["connections", "check", "repo-ssh", ...NAMED])).exitCode).toBe(4);

    const trusted = await desk.bowline(["connections", "trust", "repo-ssh", "-y", "-o", "json", ...NAMED]);
    expect(trusted.exitCode).toBe(0);
    expect(JSON.parse(trusted.stdout)).toMatchObject([{ type: "ssh-ed25519" }]);
    const works = await desk.bowline(["connections", "check", "repo-ssh", "-o", "json", ...NAMED]);
    expect(JSON.parse(works.stdout)).toMatchObject({ protocol: "ssh", shallow: true, filter: true });
    const words = ["run", "-f", "job.yaml", "-o", "json", ...NAMED];
    const { stdout, stderr, exitCode } = await desk.bowline(words);
    expect({ exitCode, code: JSON.parse(stdout) as unknown }).toMatchObject({
      exitCode: 0,
      code: { status: "succeeded", codeReferences: [{ commit: repository.commits["branchA"] }] },
    });
    expect(stderr).toContain('print("hello from branchA")');
  });

  test.skipIf(noOtherUser)(
    `runs as a user id without a name, and so does git fetch in the job${noOtherUser ? ` (skipped: ${noOtherUser})` : ""}`,
    async () => {
      const desk = await sshDesk();
      await desk.bowline(["connections", "trust", "repo-ssh", "-y", ...NAMED]);
      await rename(join(desk.folder, "home"), join(desk.folder, "a 100%h home"));
      const init = "[{connection: repo-ssh}]";
      const command = `[sh, -c, "git fetch origin main && git rev-parse FETCH_HEAD"]`;
      await desk.write(
        "job.yaml",
        `run: {kind: job, init: ${init}, connections: [repo-ssh], container: {command: ${command}}}\n`,
      );
      const { stdout, stderr } = await runNameless(desk, { BOWLINE_HOME: join(desk.folder, "a 100%h home") });
      expect({ status: (JSON.parse(stdout) as { status: string }).status, stderr }).toMatchObject({
        status: "succeeded",
        stderr: expect.stringContaining(repository.commits["main"]!),
      });
    },
  );

  test.skipIf(noOtherUser)(
    `from: git with a GIT_SSH_COMMAND runs as a user id without a name${noOtherUser ? ` (skipped: ${noOtherUser})` : ""}`,
    async () => {
      const desk = await sshDesk();
      await chmod(await desk.write("key", key.privateKey), 0o600);
      await desk.write("known_hosts", server.knownHosts);
      await desk.write(
        "bowline.yaml",
        `connections: [{name: repo-ssh, kind: git, schema: {url: "${server.url}/org/test", revision: branchA}}]
credentials: [{match: "${server.url}/", from: git}]\n`,
      );
      const command = `LC_ALL=C ssh -F none -i ${desk.folder}/key -o UserKnownHostsFile=${desk.folder}/known_hosts`;
      const { stdout, stderr } = await runNameless(desk, { GIT_SSH_COMMAND: command });
      expect({ status: (JSON.parse(stdout) as { status: string }).status, stderr }).toMatchObject({
        status: "succeeded",
        stderr: expect.stringContaining('print("hello from branchA")'),
      });
    },
  );

  async function sshDesk(): Promise<Desk> {
    const desk = await newDesk();
    await desk.write("key", key.privateKey);
    await desk.bowline(["secrets", "set", "deploy-key", "--from-file", "ssh-privatekey=key"]);
    const schema = `{url: "${server.url}/org/test", revision: branchA}`;
    await desk.write(
      "bowline.yaml",
      `connections: [{name: repo-ssh, kind: git, schema: ${schema}, secret: {name: deploy-key}}]\n`,
    );
    await desk.write(
      "job.yaml",
      "run: {kind: job, init: [{connection: repo-ssh}], container: {command: [cat, model.py]}}\n",
    );
    return desk;
  }
});

const NAMED = ["--config", "bowline.yaml"];

async function runNameless(desk: Desk, env: Record<string, string>): Promise<{ stdout: string; stderr: string }> {
  await execa("chown", ["-R", "12345:12345", desk.folder]);
  await chmod(dirname(desk.folder), 0o755);
  const words = [...NAMELESS, process.execPath, BOWLINE, "run", "-f", "job.yaml", "-o", "json", ...NAMED];
  return execa("setpriv", words, { cwd: desk.folder, env: { ...desk.env, ...env }, extendEnv: false, reject: false });
}
