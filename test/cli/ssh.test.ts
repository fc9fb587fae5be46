import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeRepository, makeSshKey, noSshServer, startSshServer, temporaryFolder } from "../support/index.ts";
import type { Repository, SshKey, SshServer } from "../support/index.ts";
import { newDesk, type Desk } from "./bowline.ts";

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
    expect((await desk.bowline(["connections", "check", "repo-ssh", ...NAMED])).exitCode).toBe(0);
    const words = ["run", "-f", "job.yaml", "-o", "json", ...NAMED];
    const { stdout, stderr, exitCode } = await desk.bowline(words);
    expect({ exitCode, code: JSON.parse(stdout) as unknown }).toMatchObject({
      exitCode: 0,
      code: { status: "succeeded", codeReferences: [{ commit: repository.commits["branchA"] }] },
    });
    expect(stderr).toContain('print("hello from branchA")');
  });

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
