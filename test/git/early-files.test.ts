import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { materialize, resolve, type GitRequest } from "../../src/git/index.ts";
import { git, startGitServer, temporaryFolder, type GitServer, type RepositorySpec } from "../support/index.ts";
import { isFetch } from "../support/hostile-pack.ts";
import { requestFor } from "./request.ts";

// What is written while a pack comes is seen here by holding its last bytes back until it is there.

let server: GitServer;
beforeAll(async () => {
  server = await startGitServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.faults.length = 0;
});

/** More than comes in one piece, and alike, so that one is packed as its difference from another. */
const noise = (seed: string, lines: number): string =>
  Array.from({ length: lines }, (_, line) => createHash("sha1").update(`${seed} ${line}`).digest("hex")).join("\n");

const FILES: NonNullable<RepositorySpec["commits"]>[number]["files"] = {
  "README.md": "# test\n",
  ".gitignore": "*.tmp\n",
  "bin/run": { executable: "#!/bin/sh\n" },
  "src/a/one.txt": noise("one", 200),
  "src/a/two.txt": `${noise("one", 200)}\nand more`,
  "src/b/three.txt": noise("three", 4_000),
  "src/b/empty": "",
  "z/empty": "",
  link: { symlink: "src/a/one.txt" },
  // comes last, and holds up no other with its last packet
  "zz/last": noise("last", 4_000),
};
const ALL = Object.keys(FILES).toSorted();
const PLAIN = ALL.filter((path) => path !== "zz/last");

interface Early {
  target: string;
  /** What was there while the last bytes were held. */
  seen: string[];
}

/** Fetches; the pack's last bytes come when `files` are there, and after ten seconds at the latest. */
async function fetched(name: string, files: readonly string[], more: Partial<GitRequest> = {}): Promise<Early> {
  const asked = requestFor(`${server.url}/${name}.git`, { revision: "main", ...more });
  const target = join(await temporaryFolder(), "repo");
  let seen: string[] = [];
  const until = async (): Promise<void> => {
    for (const end = Date.now() + 10_000; Date.now() < end; await sleep(20)) {
      seen = await workplaceOf(target);
      if (files.every((file) => seen.includes(file))) return;
    }
  };
  server.faults.push({ match: isFetch, hold: { last: 30, until } });
  await materialize({ ...asked, resolution: await resolve(asked), target });
  server.faults.length = 0;
  return { target, seen };
}

/** Paths in the private folder beside the target, without git's own. */
async function workplaceOf(target: string): Promise<string[]> {
  const [workplace] = await readdir(dirname(target));
  return workplace === undefined ? [] : filesOf(join(dirname(target), workplace, "tree"));
}

async function filesOf(tree: string): Promise<string[]> {
  const entries = await readdir(tree, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(tree.length + 1))
    .filter((path) => !path.startsWith(".git/"))
    .toSorted();
}

/** What git says of a target, held against a clone of its own. */
async function expectSameAsClone(target: string, name: string): Promise<void> {
  const clone = join(await temporaryFolder(), "clone");
  await git(".", ["clone", "--quiet", "--branch=main", `${server.url}/${name}.git`, clone]);
  for (const words of [["ls-files", "--stage"], ["write-tree"], ["status", "--porcelain"], ["diff", "HEAD"]]) {
    expect(await git(target, words)).toBe(await git(clone, words));
  }
  // once more by reading each file
  await git(target, ["update-index", "--really-refresh"]);
  expect(await git(target, ["status", "--porcelain"])).toBe("");
  expect(await git(target, ["fsck", "--strict"])).toBe("");
  for (const file of await filesOf(clone)) {
    const [ours, theirs] = await Promise.all([lstat(join(target, file)), lstat(join(clone, file))]);
    expect([file, ours.mode]).toEqual([file, theirs.mode]);
    const read = (path: string) => (theirs.isSymbolicLink() ? readlink(path, "buffer") : readFile(path));
    expect([file, (await read(join(target, file))).equals(await read(join(clone, file)))]).toEqual([file, true]);
  }
  expect(await filesOf(target)).toEqual(await filesOf(clone));
}

/** Files of the index that git did not write: it notes their inode. */
async function notByGit(target: string): Promise<string[]> {
  const entries = (await git(target, ["ls-files", "--debug"])).split(/\n(?! )/);
  return entries
    .filter((entry) => /ino: 0$/m.test(entry))
    .map((entry) => entry.split("\n")[0] ?? "")
    .toSorted();
}

describe("files are there before the pack is", () => {
  it("all of them, and git need not write any", async () => {
    await server.add("org/plain", { commits: [{ files: FILES }] });
    const { target, seen } = await fetched("org/plain", PLAIN);
    expect(seen).toEqual(PLAIN);
    expect(await notByGit(target)).toEqual(ALL);
    await expectSameAsClone(target, "org/plain");
  });

  it("in a repository of SHA-256", async () => {
    await server.add("org/sha256", { commits: [{ files: FILES }], objectFormat: "sha256" });
    const { target, seen } = await fetched("org/sha256", PLAIN);
    expect(seen).toEqual(PLAIN);
    await expectSameAsClone(target, "org/sha256");
  });

  it("and git writes what is left to it: odd names, and files too large to be held", async () => {
    const large = Buffer.alloc(5 * 1024 * 1024, noise("large", 100));
    const files = { ...FILES, "größe.txt": "1\n", "back\\slash": "2\n", "zz.bin": large };
    await server.add("org/odd", { commits: [{ files }] });
    const { target, seen } = await fetched("org/odd", PLAIN);
    expect(seen).toEqual(PLAIN);
    expect(await notByGit(target)).toEqual(PLAIN);
    await expectSameAsClone(target, "org/odd");
  });

  it("also with a cache, which keeps the tree", async () => {
    await server.add("org/cached", { commits: [{ files: FILES }] });
    const cache = await temporaryFolder();
    const { target, seen } = await fetched("org/cached", PLAIN, { cache });
    expect(seen).toEqual(PLAIN);
    await expectSameAsClone(target, "org/cached");
    const again = await fetched("org/cached", [], { cache });
    await expectSameAsClone(again.target, "org/cached");
    expect(server.requests.filter((one) => one.path.includes("cached") && isFetch(one)).length).toBe(1 + 2);
  });

  it("but not where policy limits what may be written", async () => {
    await server.add("org/limited", { commits: [{ files: FILES }] });
    const policy = { ...DEFAULT_POLICY, maxFiles: 100 };
    const { target, seen } = await fetched("org/limited", [], { policy });
    expect(seen).toEqual([]);
    expect(await notByGit(target)).toEqual([]);
  });
});

describe("attributes that make other files of these", () => {
  it.each([
    ["of the root", { ".gitattributes": "*.txt eol=crlf\n" }],
    ["of a folder", { "src/a/.gitattributes": "*.txt text eol=crlf\n" }],
    ["that come after the files", { "src/a/.gitattributes": `one.txt eol=crlf\n${"#".repeat(2_000)}` }],
  ])("%s", async (what, attributes) => {
    const name = `org/attributes-${what.replaceAll(" ", "-")}`;
    await server.add(name, { commits: [{ files: { ...FILES, ...attributes } }] });
    const { target } = await fetched(name, []);
    expect(await readFile(join(target, "src/a/one.txt"), "utf8")).toContain("\r\n");
    await expectSameAsClone(target, name);
  });

  it("others change nothing", async () => {
    const files = { ...FILES, ".gitattributes": "# crlf\n* text=auto\n*.bin filter=lfs diff=lfs -text\n" };
    await server.add("org/harmless", { commits: [{ files }] });
    const { target, seen } = await fetched("org/harmless", [...PLAIN, ".gitattributes"]);
    expect(await notByGit(target)).toEqual([...seen, "zz/last"]);
    await expectSameAsClone(target, "org/harmless");
  });
});

it("a connection that breaks: what the first try wrote does no harm to the second", async () => {
  await server.add("org/breaks", { commits: [{ files: FILES }] });
  server.faults.push({ match: isFetch, times: 1, reset: 60_000, bytesPerSecond: 400_000 });
  const { target } = await fetched("org/breaks", []);
  await expectSameAsClone(target, "org/breaks");
});
