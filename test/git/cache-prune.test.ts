import { existsSync } from "node:fs";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { markUse } from "../../src/git/cache/use-mark.ts";
import { pruneCache } from "../../src/git/index.ts";
import { ownMark } from "../../src/lib/index.ts";
import { temporaryFolder } from "../support/index.ts";

const DAY = 86_400_000;

let root: string;
let repository: string;
let objects: string;

beforeEach(async () => {
  root = await temporaryFolder();
  repository = join(root, "repositories/one");
  objects = join(repository, "depth-1.git");
  await mkdir(objects, { recursive: true });
  await writeFile(join(objects, "pack"), "x".repeat(1000));
});

/** This process's mark with one part of it changed: host, boot, number or start. */
function markOf(change: Partial<Record<0 | 1 | 2 | 3, string>>): string {
  return ownMark()
    .split("-")
    .map((part, at) => change[at as 0] ?? part)
    .join("-");
}

const LATER = { 3: "00000000" };
const OTHER_MACHINE = { 0: "00000000", 3: "00000000" };

it("nothing is left beside the repositories, whatever the path of the cache", async () => {
  const cache = join(root, "trees/cache");
  await mkdir(join(cache, "repositories/two/depth-1.git"), { recursive: true });
  await mkdir(join(cache, "repositories/two/trees"));
  expect((await pruneCache(cache, { all: true })).removed).toHaveLength(1);
  expect(await readdir(cache)).toEqual([]);
});

it("what a process uses stays, whatever is asked, until it is done with it", async () => {
  const use = await markUse(objects);
  const asked = [{ all: true }, { maxBytes: 0 }, { olderThan: -1 }];
  for (const options of asked) {
    expect(await pruneCache(root, options)).toMatchObject({ removed: [], inUse: [{ path: objects }], left: 1000 });
  }
  await use.end();
  expect(await pruneCache(root, { all: true })).toMatchObject({ removed: [{ path: objects }], inUse: [], left: 0 });
  expect(existsSync(repository)).toBe(false);
});

it.each([
  ["was killed", LATER, false],
  ["was killed before the machine was started anew", { 1: "00000000" }, false],
  ["only another machine can judge", OTHER_MACHINE, true],
] as const)("what a process uses that %s", async (_, change, stays) => {
  await mkdir(join(objects, "users"));
  await writeFile(join(objects, "users", `${markOf(change)}-0a0b0c0d`), "");
  expect((await pruneCache(root, { all: true })).removed).toHaveLength(stays ? 0 : 1);
  expect(existsSync(objects)).toBe(stays);
});

it.each(["making", "incoming"])(
  "what was left half made in %s is swept, unless somebody may still be at it",
  async (at) => {
    const halves = {
      own: markOf({}),
      killed: markOf(LATER),
      elsewhere: markOf(OTHER_MACHINE),
      "elsewhere, long ago": markOf({ ...OTHER_MACHINE, 2: "7" }),
    };
    for (const mark of Object.values(halves)) await mkdir(join(repository, at, `${mark}-x`), { recursive: true });
    const long = new Date(Date.now() - 2 * DAY);
    await utimes(join(repository, at, `${halves["elsewhere, long ago"]}-x`), long, long);
    await pruneCache(root, {});
    const left = await readdir(join(repository, at));
    expect(left.toSorted()).toEqual([`${halves.own}-x`, `${halves.elsewhere}-x`].toSorted());
    expect(existsSync(objects)).toBe(true);
  },
);
