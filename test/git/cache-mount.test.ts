import { spawnSync } from "node:child_process";
import { lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  listCache,
  materialize,
  mountAgain,
  pruneCache,
  resolve,
  unmountBelow,
  type GitEvent,
} from "../../src/git/index.ts";
import { removeFolder } from "../../src/runs/remove-folder.ts";
import { git, startGitServer, temporaryFolder, type GitServer, type Repository } from "../support/index.ts";
import { requestFor } from "./request.ts";

const noOverlay = await whyNoOverlay();

let server: GitServer;
let repository: Repository;

beforeAll(async () => {
  server = await startGitServer();
  repository = await server.add("org/test", {
    commits: [{ files: { "a.txt": "kept\n", "b/c": "c", link: { symlink: "a.txt" }, large: "x".repeat(200_000) } }],
  });
});
afterAll(() => server.close());

async function mounted(cache: string): Promise<{ target: string; cacheState: string; events: GitEvent[] }> {
  const events: GitEvent[] = [];
  const options = { ...requestFor("").options, mount: true };
  const request = requestFor(`${server.url}/org/test.git`, { cache, options, events, revision: "main" });
  const target = join(await temporaryFolder(), "run", "repo");
  const { cache: cacheState } = await materialize({ ...request, resolution: await resolve(request), target });
  return { target, cacheState, events };
}

describe.skipIf(noOverlay)(`mount: true${noOverlay ? ` (skipped: ${noOverlay})` : ""}`, () => {
  it("gives each target an overlay over the kept tree, in which nobody's writing reaches another", async () => {
    const cache = join(await temporaryFolder(), "cache");
    const [first, second] = [await mounted(cache), await mounted(cache)];
    expect([first.cacheState, second.cacheState]).toEqual(["miss", "hit"]);
    for (const { target } of [first, second]) {
      expect(isMounted(target)).toBe(true);
      expect(await git(target, ["status", "--porcelain=v2", "--branch"])).toContain("# branch.upstream origin/main");
      expect(await git(target, ["status", "--porcelain"])).toBe("");
      expect(await git(target, ["fsck", "--strict"])).toBe("");
    }
    await writeFile(join(first.target, "a.txt"), "changed\n");
    await rm(join(first.target, "b"), { recursive: true });
    await git(first.target, ["-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qam", "mine"]);
    expect(await readFile(join(second.target, "a.txt"), "utf8")).toBe("kept\n");
    const third = await mounted(cache);
    expect(await readFile(join(third.target, "a.txt"), "utf8")).toBe("kept\n");
    for (const { target } of [first, second, third]) await removeFolder(join(target, ".."));
    expect([first, second, third].some(({ target }) => isMounted(target))).toBe(false);
    expect(await lstat(join(first.target, "..")).catch(() => "gone")).toBe("gone");
  });

  it("is not pruned while a target stands on it, is mounted again after a reboot, and forgotten with the run's folder", async () => {
    const cache = join(await temporaryFolder(), "cache");
    const { target } = await mounted(cache);
    await writeFile(join(target, "result"), "of the run");
    expect((await pruneCache(cache, { all: true })).inUse).toMatchObject([{ kind: "tree", mounts: 1 }]);
    await unmountBelow(target);
    expect(await readdir(target)).toEqual([]);
    expect(await listCache(cache)).toMatchObject([{ notMounted: [target] }]);
    expect((await pruneCache(cache, { all: true })).inUse).toHaveLength(1);
    await mountAgain(cache);
    expect(await readFile(join(target, "result"), "utf8")).toBe("of the run");
    expect(await readFile(join(target, "a.txt"), "utf8")).toBe("kept\n");
    await removeFolder(join(target, ".."));
    expect((await pruneCache(cache, { all: true })).removed).toHaveLength(1);
    expect(await listCache(cache)).toEqual([]);
  });

  it("copies with a warning where a mount cannot be", async () => {
    const cache = join(await temporaryFolder(), "with,comma");
    const { target, events } = await mounted(cache);
    expect(isMounted(target)).toBe(false);
    expect(await git(target, ["status", "--porcelain"])).toBe("");
    expect(events).toContainEqual(
      expect.objectContaining({ problem: expect.objectContaining({ code: "MOUNT_NOT_POSSIBLE" }) }),
    );
    expect((await readdir(join(target, ".."))).toSorted()).toEqual(["repo"]);
    expect(await git(target, ["rev-parse", "HEAD"])).toBe(repository.commits["main"]);
  });
});

function isMounted(path: string): boolean {
  return spawnSync("mountpoint", ["-q", path]).status === 0;
}

async function whyNoOverlay(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "not root";
  const folder = await temporaryFolder();
  for (const name of ["lower", "upper", "work", "at"]) await mkdir(join(folder, name));
  const paths = `lowerdir=${folder}/lower,upperdir=${folder}/upper,workdir=${folder}/work`;
  const { status } = spawnSync("mount", ["-t", "overlay", "-o", paths, "x", join(folder, "at")]);
  if (status !== 0) return "no overlay here";
  spawnSync("umount", [join(folder, "at")]);
  return undefined;
}
