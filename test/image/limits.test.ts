import { execa } from "execa";
import { createReadStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dockerHost, git, IMAGE, noDocker, startGitServer, temporaryFolder } from "../support/index.ts";
import { inImage } from "./in-image.ts";

describe.skipIf(noDocker)(`what the image needs${noDocker ? ` (skipped: ${noDocker})` : ""}`, () => {
  test("a file larger than the memory limit goes from the pack to the disk", async () => {
    const root = await temporaryFolder();
    await repositoryWithRandomFile(root, 200 * 1024 * 1024);
    const server = await startGitServer({ root });
    const { stderr, exitCode, folder } = await inImage({
      docker: ["--memory", "128m", "--memory-swap", "128m"],
      words: ["--url", `${server.url}/org/test`, "--path", "/code/repo-test"],
    });
    await server.close();
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect((await stat(join(folder, "repo-test/large"))).size).toBe(200 * 1024 * 1024);
    await rm(folder, { recursive: true });
  });

  test("it starts from code that its own Node compiled, which any user may read", async () => {
    const script =
      'cat "/opt/bowline/dist/compiled/node-$(node -p "process.versions.node+\'-\'+process.arch")"/*.code | wc -c';
    const words = ["run", "--rm", "--user", "12345:12345", "--entrypoint", "sh", IMAGE, "-c", script];
    const { stdout } = await execa("docker", words, { env: { DOCKER_HOST: dockerHost } });
    expect(Number(stdout)).toBeGreaterThan(100_000);
  });

  test("it holds neither npm nor perl, and no file that its user could change but in folders for that", async () => {
    const script =
      "for name in npm npx perl python3 apt-get; do command -v $name; done; find / -xdev -perm -2 ! -type l ! -path '/proc/*' ! -path '/dev/*'";
    const words = ["run", "--rm", "--entrypoint", "sh", IMAGE, "-c", script];
    const { stdout } = await execa("docker", words, { env: { DOCKER_HOST: dockerHost }, reject: false });
    expect(stdout.split("\n").toSorted()).toEqual(["/plx-context/artifacts", "/tmp"]);
  });
});

/** One file that nothing makes smaller. */
async function repositoryWithRandomFile(root: string, size: number): Promise<void> {
  const bare = join(root, "org/test.git");
  await mkdir(bare, { recursive: true });
  await git(bare, ["init", "--quiet", "--bare", "--initial-branch=main"]);
  const stored = await execa(
    "git",
    ["-c", "core.compression=0", "-c", "core.bigFileThreshold=1m", "hash-object", "-w", "--stdin"],
    { cwd: bare, input: createReadStream("/dev/urandom", { end: size - 1 }) },
  );
  const tree = await execa("git", ["mktree"], { cwd: bare, input: `100644 blob ${stored.stdout}\tlarge\n` });
  const who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
  const commit = await execa("git", [...who, "commit-tree", "-m", "Large", tree.stdout], { cwd: bare });
  await git(bare, ["update-ref", "refs/heads/main", commit.stdout]);
}
