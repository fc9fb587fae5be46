import { spawnSync } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { materialize, resolve, type GitEvent } from "../../src/git/index.ts";
import type { GitOptions } from "../../src/spec/index.ts";
import { git, startGitServer, temporaryFolder, type GitServer, type Repository } from "../support/index.ts";
import { requestFor } from "./request.ts";

let server: GitServer;
let repository: Repository;
beforeAll(async () => {
  server = await startGitServer();
  repository = await server.add("org/test", {
    commits: [
      { name: "old", files: { "a.txt": "old\n", "b/gone": "gone", same: "same ".repeat(20_000) } },
      { name: "new", files: { "a.txt": "new\n", "b/gone": null, large: "x".repeat(200_000) } },
    ],
    tags: { v1: "old" },
  });
});
afterAll(() => server.close());

const cases: [string, Partial<GitOptions>, number][] = [
  ["history: full", { history: "full" }, 2],
  ["tags", { tags: true }, 1],
  ["history: 2", { history: 2 }, 2],
];
for (const [name, options, commits] of cases) {
  for (const kept of ["new", "old"]) {
    it(`${name} takes the files from the kept tree of ${kept === "new" ? "the commit" : "another commit"}`, async () => {
      const cache = join(await temporaryFolder(), "cache");
      await materializeAt(repository.commits[kept]!, { cache });
      const times = await stat((await materializeAt(repository.commits[kept]!, { cache })) + "/same");
      await sleep(1100);
      const target = await materializeAt(repository.commits["new"]!, { cache, options });
      // otherwise it would have the time of now, which is told by the second
      expect((await stat(join(target, "same"))).mtimeMs).toBe(times.mtimeMs);
      expect(await readFile(join(target, "a.txt"), "utf8")).toBe("new\n");
      expect(await git(target, ["status", "--porcelain"])).toBe("");
      expect(await git(target, ["diff-index", "HEAD"])).toBe("");
      expect(await git(target, ["fsck", "--strict"])).toBe("");
      expect(await git(target, ["rev-list", "--count", "HEAD"])).toBe(`${commits}`);
      expect((await git(target, ["ls-files"])).split("\n")).toEqual(["a.txt", "large", "same"]);
      expect(await stat(join(target, "b")).catch(() => "gone")).toBe("gone");
    });
  }
}

const noTmpfs = process.getuid?.() === 0 && process.platform === "linux" ? undefined : "not root on Linux";

describe.skipIf(noTmpfs)(`a target on another disk than the cache${noTmpfs ? ` (skipped: ${noTmpfs})` : ""}`, () => {
  it("that is full is told after one fetch", async () => {
    const place = await temporaryFolder();
    await onDisk("size=220k", async (disk) => {
      for (const options of [{}, { history: "full" }] as const) {
        const cache = join(place, `cache of ${options.history}`);
        const before = server.requests.length;
        await materializeAt(repository.commits["new"]!, { cache, options });
        const once = server.requests.length - before;
        const full = materializeAt(repository.commits["new"]!, {
          cache: `${cache} 2`,
          options,
          target: join(disk, "repo"),
        });
        await expect(full).rejects.toMatchObject({ code: "DISK_FULL" });
        expect(server.requests.length - before - once).toBe(once);
      }
    });
  });

  it("gets the next commit by its difference", async () => {
    const cache = join(await temporaryFolder(), "cache");
    await materializeAt(repository.commits["old"]!, { cache });
    await onDisk("size=8m", async (disk) => {
      const events: GitEvent[] = [];
      const target = await materializeAt(repository.commits["new"]!, { cache, events, target: join(disk, "repo") });
      expect(events.filter(({ phase }) => phase === "warning")).toEqual([]);
      expect(await git(target, ["status", "--porcelain"])).toBe("");
      expect(await git(target, ["fsck", "--strict"])).toBe("");
    });
    await materializeAt(repository.commits["old"]!, { cache });
    const [kept] = await readdir(join(cache, "repositories"));
    // nothing was set aside
    expect(await readdir(join(cache, "repositories", kept!, "depth-1.git/refs/bowline"))).toHaveLength(2);
  });
});

/** A disk of its own in memory; options as mount(8) has them for tmpfs. */
async function onDisk(options: string, use: (disk: string) => Promise<void>): Promise<void> {
  const disk = await temporaryFolder();
  expect(spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", disk]).status).toBe(0);
  try {
    await use(disk);
  } finally {
    spawnSync("umount", ["-l", disk]);
  }
}

interface Asked {
  cache: string;
  options?: Partial<GitOptions>;
  target?: string;
  events?: GitEvent[];
}

/** Gives the target. */
async function materializeAt(revision: string, { cache, options, events, target: asked }: Asked): Promise<string> {
  const target = asked ?? join(await temporaryFolder(), "repo");
  const request = requestFor(`${server.url}/org/test.git`, { cache, revision, ...(events && { events }) });
  const whole = { ...request, options: { ...request.options, ...options } };
  await materialize({ ...whole, resolution: await resolve(whole), target });
  return target;
}
