import { spawnSync } from "node:child_process";
import { mkdir, open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { materialize, pruneCache, resolve, verifyCache } from "../../src/git/index.ts";
import { git, startGitServer, temporaryFolder, type GitServer } from "../support/index.ts";
import { networkOfTest, requestFor } from "./request.ts";

const LARGE = "all of this is shared ".repeat(200_000);

let server: GitServer;
beforeAll(async () => {
  server = await startGitServer();
  await server.add("org/test", { commits: [{ files: { "a.txt": "small\n", "b/large": LARGE } }] });
});
afterAll(() => server.close());

for (const [kind, options] of [
  ["xfs", ["-q", "-m", "reflink=1"]],
  ["btrfs", ["-q"]],
] as const) {
  const disk = await mountDisk(kind, options);
  describe.skipIf("why" in disk)(`on ${kind}${"why" in disk ? ` (skipped: ${disk.why})` : ""}`, () => {
    const { folder, unmount } = disk as { folder: string; unmount: () => void };
    afterAll(() => unmount());

    it("a target shares the blocks of large files with the cache until one is written", async () => {
      const cache = join(folder, "cache");
      const first = await codeIn(join(folder, "first"), cache);
      const second = await codeIn(join(folder, "second"), cache);
      expect([first.cache, second.cache]).toEqual(["miss", "hit"]);
      const [kept] = (await readdir(cache, { recursive: true })).filter((path) => path.endsWith("/large-1"));
      const large = join(folder, "second/b/large");
      const held = (await blocks(large)).filter(({ shared }) => shared);
      expect(held.length).toBeGreaterThan(0);
      expect(held).toEqual(await blocks(join(cache, kept!)));
      expect((await stat(large)).ino).not.toBe((await stat(join(cache, kept!))).ino);
      expect(await readFile(large, "utf8")).toBe(LARGE);
      expect(await git(join(folder, "second"), ["status", "--porcelain"])).toBe("");
      expect(await git(join(folder, "second"), ["fsck", "--strict"])).toBe("");
      const written = await open(large, "r+");
      await written.write("changed");
      await written.close();
      const signal = new AbortController().signal;
      expect(await verifyCache(cache, { network: networkOfTest(), signal })).toMatchObject({ damaged: [] });
      await codeIn(join(folder, "third"), cache);
      expect(await readFile(join(folder, "third/b/large"), "utf8")).toBe(LARGE);
      await pruneCache(cache, { all: true });
      expect(await readFile(join(folder, "third/b/large"), "utf8")).toBe(LARGE);
    });

    it("a target on another file system than the cache is copied", async () => {
      const cache = join(folder, "other-cache");
      const elsewhere = await temporaryFolder();
      await codeIn(join(folder, "of-other"), cache);
      expect((await codeIn(join(elsewhere, "repo"), cache)).cache).toBe("hit");
      expect(await readFile(join(elsewhere, "repo/b/large"), "utf8")).toBe(LARGE);
      expect(await git(join(elsewhere, "repo"), ["status", "--porcelain"])).toBe("");
    });
  });
}

async function codeIn(target: string, cache: string) {
  const request = requestFor(`${server.url}/org/test.git`, { cache, revision: "main" });
  return materialize({ ...request, resolution: await resolve(request), target });
}

/** Where the file's contents lie on the disk: of each piece its physical blocks, and whether other files have them too. */
async function blocks(path: string): Promise<{ blocks: string; shared: boolean }[]> {
  const { stdout } = spawnSync("filefrag", ["-sv", path], { encoding: "utf8" });
  return [...stdout.matchAll(/^ +\d+: +\d+\.\. +\d+: +(\d+\.\. +\d+): +\d+:(.*)$/gm)].map(
    ([, place = "", flags = ""]) => ({
      blocks: place,
      shared: flags.includes("shared"),
    }),
  );
}

/** A disk of its own, a file of 320 MB of which only what is written takes room. */
async function mountDisk(
  kind: string,
  options: readonly string[],
): Promise<{ folder: string; unmount: () => void } | { why: string }> {
  if (process.getuid?.() !== 0) return { why: "not root" };
  for (const program of [`mkfs.${kind}`, "filefrag"]) {
    if (spawnSync(program, ["-V"]).error !== undefined) return { why: `no ${program}` };
  }
  const place = await temporaryFolder();
  const image = join(place, "image");
  const file = await open(image, "w");
  await file.truncate(320 * 1024 * 1024);
  await file.close();
  const folder = join(place, "disk");
  await mkdir(folder);
  if (spawnSync(`mkfs.${kind}`, [...options, image]).status !== 0) return { why: `mkfs.${kind} fails` };
  if (spawnSync("mount", ["-o", "loop", image, folder]).status !== 0) return { why: `${kind} cannot be mounted` };
  return { folder, unmount: () => void spawnSync("umount", ["-l", folder]) };
}
