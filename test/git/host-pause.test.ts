import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openHostPause } from "../../src/git/server/host-pause.ts";
import { parseGitUrl } from "../../src/lib/index.ts";
import { temporaryFolder } from "../support/index.ts";

const HOUR = 3_600_000;
const url = parseGitUrl("https://h.example/org/test");

it("a host's pause holds for all its repositories and everybody with the same folder, and for no other port", async () => {
  const folder = await temporaryFolder();
  await openHostPause(folder, url).keep(HOUR / 2);
  const left = (text: string): Promise<number> => openHostPause(folder, parseGitUrl(text)).left();
  for (const text of [url.href, "https://h.example/other/one"]) {
    expect(await left(text)).toBeGreaterThan(HOUR / 4);
    expect(await left(text)).toBeLessThanOrEqual(HOUR / 2);
  }
  for (const text of ["https://h.example:8443/org/test", "https://g.example/org/test"])
    expect(await left(text)).toBe(0);
});

it("a shorter pause does not end a longer one, and none is longer than an hour", async () => {
  const folder = await temporaryFolder();
  const pause = openHostPause(folder, url);
  await pause.keep(HOUR * 1000);
  expect(await pause.left()).toBeGreaterThan(HOUR / 2);
  expect(await pause.left()).toBeLessThanOrEqual(HOUR);
  await pause.keep(1000);
  expect(await openHostPause(folder, url).left()).toBeGreaterThan(HOUR / 2);
});

it.each(["", "no number", String(Date.now() + 1000 * HOUR), "-5"])("a file that says %j stops nobody", async (text) => {
  const folder = await temporaryFolder();
  await openHostPause(folder, url).keep(HOUR);
  const [file] = await readdir(join(folder, "hosts"));
  await writeFile(join(folder, "hosts", file!), text);
  expect(await openHostPause(folder, url).left()).toBe(0);
});
