import { appendFile, chmod, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { networkFrom } from "../../src/config/index.ts";
import { checkGitVersion } from "../../src/git/index.ts";
import { temporaryFolder } from "../support/index.ts";

/** A folder with a git that says its version, and writes down each time it is asked. */
async function gitOfVersion(version: string): Promise<{ folder: string; asked: () => Promise<number> }> {
  const folder = await temporaryFolder();
  const log = join(folder, "log");
  await appendFile(log, "");
  await writeFile(join(folder, "git"), `#!/bin/sh\necho asked >>'${log}'\necho git version ${version}\n`);
  await chmod(join(folder, "git"), 0o755);
  return { folder, asked: async () => (await readFile(log, "utf8")).split("\n").length - 1 };
}

test("git is asked for its version once for each file of git, where there is a cache", async () => {
  const cache = await temporaryFolder();
  const { folder, asked } = await gitOfVersion("2.41.3");
  // Another PATH each time: in one process each is asked once anyway.
  let turn = 0;
  const check = (more = {}) =>
    checkGitVersion({ network: networkFrom({ PATH: `${folder}:/${(turn += 1)}` }), ...more });
  expect(await check({ cache })).toEqual([2, 41, 3]);
  expect(await check({ cache })).toEqual([2, 41, 3]);
  expect(await asked()).toBe(1);
  expect(await check()).toEqual([2, 41, 3]);
  expect(await asked()).toBe(2);
  await utimes(join(folder, "git"), 1, 1);
  expect(await check({ cache })).toEqual([2, 41, 3]);
  expect(await asked()).toBe(3);
  await writeFile(join(cache, "git-version"), "something else");
  expect(await check({ cache })).toEqual([2, 41, 3]);
  expect(await asked()).toBe(4);
});

test("one that is too old is refused each time, and none is missing", async () => {
  const cache = await temporaryFolder();
  const { folder } = await gitOfVersion("2.33.9");
  for (const more of ["/1", "/2"]) {
    const network = networkFrom({ PATH: `${folder}:${more}` });
    await expect(checkGitVersion({ network, cache })).rejects.toMatchObject({ code: "GIT_MISSING" });
  }
  const network = networkFrom({ PATH: cache });
  await expect(checkGitVersion({ network, cache })).rejects.toMatchObject({ code: "GIT_MISSING" });
});
