import { spawnSync } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/index.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The built command in a folder of its own, without what the build compiled, as the tarball has it. */
async function installed(): Promise<string> {
  const folder = await temporaryFolder();
  const files = ["bin/bowline.js", "bin/package.json", "dist/bowline.cjs", "package.json"];
  const chunks = (await readdir(join(root, "dist/command"))).map((name) => join("dist/command", name));
  for (const file of [...files, ...chunks]) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await copyFile(join(root, file), join(folder, file));
  }
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

function version(
  folder: string,
  home: string,
  words = ["doctor", "--help"],
): { status: number | null; stdout: string } {
  const env = { PATH: process.env["PATH"], BOWLINE_HOME: home };
  const { status, stdout } = spawnSync(process.execPath, [join(folder, "bin/bowline.js"), ...words], {
    env,
    encoding: "utf8",
  });
  return { status, stdout };
}

async function keptIn(home: string): Promise<string[]> {
  const [folder] = await readdir(join(home, "cache/compiled"));
  const names = await readdir(join(home, "cache/compiled", folder!));
  return names.map((name) => join(home, "cache/compiled", folder!, name));
}

test("what V8 compiled is kept in the user's cache, where that is there, and used again", async () => {
  const [folder, home] = [await installed(), await temporaryFolder()];
  const first = version(folder, home);
  expect(first).toMatchObject({ status: 0, stdout: expect.stringContaining("bowline doctor") });
  expect(await readdir(home)).toEqual([]);
  await mkdir(join(home, "cache"));
  expect(version(folder, home)).toEqual(first);
  const kept = await keptIn(home);
  expect(kept.length).toBeGreaterThan(3);
  expect(kept.every((name) => /-[\w-]{8}\.cjs\.code$/.test(name))).toBe(true);
  const before = await Promise.all(kept.map((name) => readFile(name)));
  expect(version(folder, home)).toEqual(first);
  expect(await Promise.all(kept.map((name) => readFile(name)))).toEqual(before);
});

test("compiled code that is none, or of another V8, is passed over", async () => {
  const [folder, home] = [await installed(), await temporaryFolder()];
  await mkdir(join(home, "cache"));
  const first = version(folder, home);
  for (const name of await keptIn(home)) await writeFile(name, "this was compiled by nobody");
  expect(version(folder, home)).toEqual(first);
});

test("the build has left compiled code for this Node", async () => {
  const names = await readdir(join(root, "dist/compiled", `node-${process.versions.node}-${process.arch}`));
  expect(names.filter((name) => /^(git|run|run-initializer)-/.test(name)).length).toBeGreaterThanOrEqual(3);
});
