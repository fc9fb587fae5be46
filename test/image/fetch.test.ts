import { chmod, chown, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkCodeReference } from "../support/contract.ts";
import {
  makeRepository,
  makeSshKey,
  noDocker,
  noSshServer,
  startGitServer,
  startSshServer,
  temporaryFolder,
} from "../support/index.ts";
import { inImage } from "./in-image.ts";

const TOKEN = "t0ken-of-the-image";

describe.skipIf(noDocker)(`the initializer in the image${noDocker ? ` (skipped: ${noDocker})` : ""}`, () => {
  test("fetches over https with a private authority and a token, as a user id without a name", async () => {
    const server = await startGitServer({ tls: "good", accounts: [{ token: TOKEN, access: ["org"] }] });
    const { commits } = await server.add("org/test");
    const { stdout, stderr, exitCode, folder } = await inImage({
      env: { POLYAXON_GIT_CREDENTIALS: TOKEN },
      docker: ["-v", `${server.caFile}:/ca.crt:ro`],
      words: [
        ...["initializer", "git", "--url", `${server.url}/org/test`, "--revision", "branchA"],
        ...["--path", "/code/repo-test", "--ca-file", "/ca.crt", "-o", "json"],
      ],
    });
    await server.close();
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(checkCodeReference(JSON.parse(stdout))).toMatchObject({
      commit: commits["branchA"],
      ref: "refs/heads/branchA",
    });
    expect(await readFile(join(folder, "repo-test/model.py"), "utf8")).toBe('print("hello from branchA")\n');
    expect(await stat(join(folder, "repo-test/.git/HEAD"))).toMatchObject({ uid: 12_345, gid: 23_456 });
  });

  test("without a word it does what a step's own container is told by its environment", async () => {
    const server = await startGitServer();
    const { commits } = await server.add("org/test");
    const { stdout, stderr, exitCode, folder } = await inImage({
      env: {
        BOWLINE_GIT_URL: `${server.url}/org/test`,
        BOWLINE_GIT_REVISION: "branchA",
        BOWLINE_GIT_COMMIT: commits["branchA"]!,
        BOWLINE_GIT_REF: "refs/heads/branchA",
        BOWLINE_GIT_PATH: "/code/repo-test",
      },
      words: [],
    });
    await server.close();
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(stdout).toContain(commits["branchA"]!.slice(0, 7));
    expect(await readFile(join(folder, "repo-test/.git/HEAD"), "utf8")).toBe("ref: refs/heads/branchA\n");
  });

  test("fetches LFS objects", async () => {
    const content = Buffer.from("large\n".repeat(10_000));
    const objects = new Map<string, Buffer>();
    const server = await startGitServer({ lfs: { objects } });
    const files = { ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "a.bin": { lfs: content } };
    const { lfs } = await server.add("org/test", { commits: [{ files }] });
    for (const [oid, object] of lfs) objects.set(oid, object);
    const { stderr, exitCode, folder } = await inImage({
      words: ["--url", `${server.url}/org/test`, "--path", "/code/repo-test", "--lfs"],
    });
    await server.close();
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect((await readFile(join(folder, "repo-test/a.bin"))).equals(content)).toBe(true);
  });
});

const noSsh = noDocker ?? noSshServer;

describe.skipIf(noSsh)(`ssh in the image${noSsh ? ` (skipped: ${noSsh})` : ""}`, () => {
  // As a Secret's volume has it with fsGroup: root's, and readable by the group alone.
  test.each([
    ["a user id without a name", "12345:23456", 0o440],
    ["a user id without a name, and a group that may write the key", "12345:23456", 0o660],
    ["the image's own user", "65532:23456", 0o440],
    ["root", "0:0", 0o440],
  ])("works as %s, with a key of the group", async (_, user, mode) => {
    const root = await temporaryFolder();
    const { commits } = await makeRepository(join(root, "org/test.git"));
    const key = await makeSshKey();
    const server = await startSshServer({ root, keys: [{ publicKey: key.publicKey }] });
    const secret = await temporaryFolder();
    await chmod(secret, 0o755);
    await writeFile(join(secret, "ssh-privatekey"), key.privateKey);
    await writeFile(join(secret, "known_hosts"), server.knownHosts);
    await chown(join(secret, "ssh-privatekey"), 0, 23_456);
    await chmod(join(secret, "ssh-privatekey"), mode);
    const { stdout, stderr, exitCode } = await inImage({
      user,
      docker: ["-v", `${secret}:/secret:ro`],
      words: [
        ...["initializer", "git", "--url", `${server.url}/org/test`, "--path", "/code/repo-test", "-o", "json"],
        ...["--ssh-key-file", "/secret/ssh-privatekey", "--known-hosts-file", "/secret/known_hosts"],
      ],
    });
    await server.close();
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ commit: commits["main"] });
  });
});
