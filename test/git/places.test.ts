import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { materialize, type CodeReference, type GitEvent } from "../../src/git/index.ts";
import { writeWhole } from "../../src/git/objects/bare-repository.ts";
import { canDropRights, childScript } from "../support/child-script.ts";
import { git, startGitServer, temporaryFolder, type GitServer } from "../support/index.ts";
import { requestFor } from "./request.ts";

let server: GitServer;
const commits: Record<string, string> = {};
const mounts: string[] = [];

beforeAll(async () => {
  server = await startGitServer();
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`d${at % 30}/f${at}`, `${at}\n`]));
  const contents = {
    small: { a: "1\n" },
    random: { big: randomBytes(3_000_000) },
    uniform: { big: Buffer.alloc(20_000_000, "x") },
    many,
  };
  for (const [name, files] of Object.entries(contents)) {
    commits[name] = (await server.add(`org/${name}`, { commits: [{ files }] })).commits["main"]!;
  }
});
afterAll(() => server.close());
afterEach(() => {
  for (const folder of mounts.splice(0)) spawnSync("umount", ["-l", folder]);
});

const canMount = spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;
const noMount = canMount ? "" : " (skipped: no tmpfs can be mounted here)";
const noOther = canDropRights ? "" : " (skipped: needs root and Linux)";

/** A new disk of its own; options as mount(8) has them for tmpfs. */
async function disk(options: string): Promise<string> {
  const folder = await temporaryFolder();
  expect(spawnSync("mount", ["-t", "tmpfs", "-o", options, "none", folder]).status).toBe(0);
  mounts.push(folder);
  return folder;
}

interface Attempt {
  name: string;
  target: string;
  cache?: string;
}

async function attempt({ name, target, cache }: Attempt): Promise<{ reference: CodeReference; warnings: string[] }> {
  const events: GitEvent[] = [];
  const request = requestFor(`${server.url}/org/${name}`, { events, ...(cache !== undefined && { cache }) });
  const reference = await materialize({ ...request, resolution: { commit: commits[name]! }, target });
  return { reference, warnings: events.flatMap((event) => (event.phase === "warning" ? [event.problem.code] : [])) };
}

async function isWhole(target: string, name: string): Promise<void> {
  expect(await git(target, ["-c", "safe.directory=*", "rev-parse", "HEAD"])).toBe(commits[name]);
  expect(await git(target, ["-c", "safe.directory=*", "status", "--porcelain"])).toBe("");
  expect(await git(target, ["-c", "safe.directory=*", "fsck", "--strict"])).toBe("");
}

/** What is in this folder of the cache's only repository. */
async function namesBelow(cache: string, name: string): Promise<string[]> {
  const [repository = ""] = await readdir(join(cache, "repositories")).catch(() => []);
  return readdir(join(cache, "repositories", repository, name)).catch(() => []);
}

describe.skipIf(!canMount)(`a disk that is too small${noMount}`, () => {
  it.each([
    ["the pack", "random", "size=1m"],
    ["the files", "uniform", "size=4m"],
    ["so many files", "many", "size=8m,nr_inodes=100"],
  ])("for %s: DISK_FULL, and what was begun is gone", async (_, name, options) => {
    const folder = await disk(options);
    for (const cache of [undefined, join(await temporaryFolder(), "cache")]) {
      const failing = attempt({ name, target: join(folder, "repo"), ...(cache !== undefined && { cache }) });
      await expect(failing).rejects.toMatchObject({ code: "DISK_FULL" });
      expect(await readdir(folder)).toEqual([]);
    }
    expect(await attempt({ name: "small", target: join(folder, "repo") })).toMatchObject({
      reference: { cache: "miss" },
    });
  });

  it("for a repository's own folders: DISK_FULL", async () => {
    const target = join(await disk("size=8m,nr_inodes=8"), "repo");
    await expect(attempt({ name: "small", target })).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(await readdir(dirname(target))).toEqual([]);
  });

  it("for the cache: the code is there all the same, a warning says so, and nothing half is kept", async () => {
    const cache = join(await disk("size=600k"), "cache");
    for (const name of ["random", "random", "small", "small"]) {
      const target = join(await temporaryFolder(), "repo");
      const { reference, warnings } = await attempt({ name, target, cache });
      await isWhole(target, name);
      if (name !== "random") continue;
      // Which of the two depends on how far it came: with the objects already, or with the tree only.
      expect(["CACHE_NOT_USED", "CACHE_NOT_KEPT"]).toContain(warnings[0]);
      expect({ cache: reference.cache, warnings: warnings.length }).toEqual({ cache: "miss", warnings: 1 });
    }
  });

  it("for all the files of the cache, whichever is the first too many: nothing half made stays there", async () => {
    for (let inodes = 12; inodes < 50; inodes += 5) {
      const cache = join(await disk(`size=8m,nr_inodes=${inodes}`), "cache");
      const target = join(await temporaryFolder(), "repo");
      await attempt({ name: "small", target, cache });
      await isWhole(target, "small");
      const left = await Promise.all(["incoming", "making"].map((name) => namesBelow(cache, name)));
      expect({ inodes, left: left.flat() }).toEqual({ inodes, left: [] });
    }
  });

  it("for a list of the cache: the old one stays", async () => {
    const folder = await disk("size=64k");
    const path = join(folder, "shallow");
    await writeWhole(path, "old");
    await expect(writeWhole(path, "new".repeat(100_000))).rejects.toMatchObject({ code: "ENOSPC" });
    expect([await readdir(folder), await readFile(path, "utf8")]).toEqual([["shallow"], "old"]);
  });

  it("a place that is a mount of its own cannot be filled at once: it is refused, and stays empty", async () => {
    const target = await disk("size=8m");
    await expect(attempt({ name: "small", target })).rejects.toMatchObject({ code: "PATH_INVALID" });
    expect(await readdir(target)).toEqual([]);
  });

  it("a place below folders that a read-only disk does not have: told why, and not as missing", async () => {
    const target = join(await disk("size=1m,ro"), "team", "repo");
    const failing = attempt({ name: "small", target });
    const message = expect.stringContaining("(EROFS)") as string;
    await expect(failing).rejects.toMatchObject({ code: "DISK_NOT_WRITABLE", message });
  });

  it("a cache on a disk that is read-only is not written, and serves what it has or nothing", async () => {
    const folder = await disk("size=20m");
    const cache = join(folder, "cache");
    await attempt({ name: "small", target: join(await temporaryFolder(), "repo"), cache });
    expect(spawnSync("mount", ["-o", "remount,ro", folder]).status).toBe(0);
    for (const name of ["small", "many"]) {
      const target = join(await temporaryFolder(), "repo");
      await attempt({ name, target, cache });
      await isWhole(target, name);
    }
  });
});

describe.skipIf(!canDropRights)(`as a user without rights${noOther}`, () => {
  it("a cache and a folder of somebody else's: the one is not needed, the other is named", async () => {
    const script = await childScript(`
      import { materialize } from "#src/git/index.ts";
      import { DEFAULT_POLICY } from "#src/config/index.ts";
      const [url, commit, target, cache, network, umask] = args;
      process.umask(umask);
      const warnings = [];
      const request = { url, target, cache, resolution: { commit }, policy: DEFAULT_POLICY, network: JSON.parse(network),
        options: { history: 1, tags: false, submodules: false, lfs: false, sparse: [] }, findCredential: async () => undefined,
        onEvent: (event) => event.phase === "warning" && warnings.push(event.problem.code) };
      print(await materialize(request).then(({ commit }) => ({ commit, warnings }), ({ code }) => ({ code })));
    `);
    const [own, theirs] = [await temporaryFolder(), await temporaryFolder()];
    await chmod(own, 0o777);
    await chmod(theirs, 0o755);
    await mkdir(join(theirs, "cache"));
    const run = (target: string, umask = "022"): Promise<unknown> => {
      const network = JSON.stringify(requestFor("").network);
      const words = [`${server.url}/org/small`, commits["small"]!, target, join(theirs, "cache"), network, umask];
      return script.run(words, { unprivileged: true, env: { TMPDIR: own } });
    };
    expect(await run(join(own, "repo"))).toEqual({ commit: commits["small"], warnings: ["CACHE_NOT_USED"] });
    await isWhole(join(own, "repo"), "small");
    expect(await run(join(theirs, "repo"))).toEqual({ code: "DISK_NOT_WRITABLE" });
    expect(await run(join(own, "other"), "777")).toEqual({ code: "DISK_NOT_WRITABLE" });
    expect([await readdir(own), await readdir(theirs)]).toEqual([["repo"], ["cache"]]);
    script.remove();
  });
});

it("of eight for one place exactly one comes in, and the others are told", async () => {
  const cache = join(await temporaryFolder(), "cache");
  for (const more of [{}, { cache }]) {
    const target = join(await temporaryFolder(), "repo");
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => attempt({ name: "many", target, ...more })));
    const refusals = all.flatMap((each) =>
      each.status === "rejected" ? [(each.reason as { code: string }).code] : [],
    );
    expect(refusals).toEqual(Array.from({ length: 7 }, () => "PATH_INVALID"));
    await isWhole(target, "many");
    expect(await readdir(dirname(target))).toEqual(["repo"]);
  }
});

it("a target whose name is not UTF-8, which Node gives as another one, is refused", async () => {
  const target = join(await temporaryFolder(), "caf\ufffd");
  await expect(attempt({ name: "small", target })).rejects.toMatchObject({ code: "PATH_INVALID" });
});
