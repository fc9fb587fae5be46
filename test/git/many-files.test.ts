import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { materialize, resolve, type GitRequest } from "../../src/git/index.ts";
import { splitIndex } from "../../src/git/trees/index-parts.ts";
import { writeApart } from "../../src/git/trees/write-apart.ts";
import { git, startGitServer, temporaryFolder, type FileSpec, type GitServer } from "../support/index.ts";
import { filesBelow } from "../support/files-below.ts";
import { networkOfTest, openGitOfTest, requestFor } from "./request.ts";

// Many files are written by two gits at once, each with a part of the index. The limits of the policy are what makes their number known.

const LIMITED = { ...DEFAULT_POLICY, maxFiles: 10_000 };

let server: GitServer;
beforeAll(async () => {
  server = await startGitServer();
});
afterAll(() => server.close());

function manyFiles(count = 5_100): Record<string, FileSpec> {
  const files: Record<string, FileSpec> = {};
  for (let n = 0; n < count; n += 1) files[`folder ${n % 30}/${n % 7}/${n}.txt`] = `${n}\n`;
  return files;
}

/** Names of the commands of git that were started, besides the target. */
async function materialized(
  name: string,
  more: Partial<GitRequest> = {},
): Promise<{ target: string; started: string[] }> {
  const folder = await temporaryFolder();
  const log = join(folder, "log");
  const script = `#!/bin/sh\nPATH=\${PATH#*:}\necho "$*" >> '${log}'\nexec git "$@"\n`;
  await mkdir(join(folder, "bin"));
  await writeFile(join(folder, "bin/git"), script, { mode: 0o755 });
  const network = { ...networkOfTest(), searchPath: `${join(folder, "bin")}:${process.env["PATH"]}` };
  const request = requestFor(`${server.url}/${name}.git`, { revision: "main", policy: LIMITED, ...more, network });
  const target = join(folder, "repo");
  await materialize({ ...request, resolution: await resolve(request), target });
  const words = (await readFile(log, "utf8")).split("\n").map((line) => /(checkout-index|read-tree)/.exec(line)?.[1]);
  return { target, started: words.filter((word) => word !== undefined) };
}

async function cloneOf(name: string): Promise<string> {
  const clone = join(await temporaryFolder(), "clone");
  await git(".", ["clone", "--quiet", "--branch=main", `${server.url}/${name}.git`, clone]);
  return clone;
}

async function expectAsCloned(name: string, target: string): Promise<void> {
  const clone = await cloneOf(name);
  expect(await filesBelow(target)).toEqual(await filesBelow(clone));
  const staged = ["ls-files", "--stage", "-z"];
  expect(await git(target, staged)).toBe(await git(clone, staged));
  expect(await git(target, ["status", "--porcelain"])).toBe("");
  expect(await git(target, ["fsck", "--strict"])).toBe("");
  expect((await readdir(join(target, ".git"))).filter((entry) => entry.startsWith("index"))).toEqual(["index"]);
}

describe("many files", () => {
  it("are what git's own clone has, links and modes too", async () => {
    const files = {
      ...manyFiles(),
      ".gitattributes": "*.txt text diff=plain\n",
      "folder 1/link": { symlink: "1/1.txt" },
      "folder 3/3/to-folder": { symlink: "../../folder 1" },
      run: { executable: "#!/bin/sh\n" },
      "größe/ü": "1\n",
    };
    await server.add("org/many", { commits: [{ files }] });
    const { target, started } = await materialized("org/many");
    expect(started).toEqual(["read-tree", "checkout-index", "checkout-index", "checkout-index"]);
    await expectAsCloned("org/many", target);
    // what was written has its times in the index: git need not look into it again
    const entry = await git(target, ["ls-files", "--debug", "run"]);
    expect(entry).toMatch(/mtime: [1-9]\d{9}:/);
  });

  it.each(["*.txt eol=crlf\n", "*.txt working-tree-encoding=UTF-16LE\n", "[attr]win ident\n*.txt win\n"])(
    "that attributes of a folder change are written by one git that knows them all: %j",
    async (attributes) => {
      const files = { ...manyFiles(), "folder 29/.gitattributes": attributes, "folder 29/a.txt": "$Id$ größe\n" };
      const name = `org/changed${attributes.length}`;
      await server.add(name, { commits: [{ files }] });
      const { target, started } = await materialized(name);
      expect(started).not.toContain("checkout-index");
      await expectAsCloned(name, target);
    },
  );

  it.skipIf(process.getuid?.() !== 0)("that a disk takes no more of are refused, and nothing is left", async () => {
    await server.add("org/full", { commits: [{ files: manyFiles() }] });
    const disk = await temporaryFolder();
    spawnSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", disk]);
    try {
      const request = requestFor(`${server.url}/org/full.git`, { revision: "main", policy: LIMITED });
      const target = join(disk, "repo");
      const making = materialize({ ...request, resolution: await resolve(request), target });
      await expect(making).rejects.toMatchObject({ code: "DISK_FULL" });
      expect(await readdir(disk)).toEqual([]);
    } finally {
      spawnSync("umount", [disk]);
    }
  });
});

/** A repository with an index of `main`, and nothing else of it on disk. */
async function indexed(files: Record<string, FileSpec>): Promise<{ tree: string; commit: string }> {
  const { path } = await server.add("org/indexed", { commits: [{ files }] });
  const tree = join(await temporaryFolder(), "tree");
  await git(".", ["clone", "--quiet", "--no-checkout", "--branch=main", path, tree]);
  await git(tree, ["read-tree", "main"]);
  return { tree, commit: await git(tree, ["rev-parse", "main"]) };
}

it("nothing is written through a link that is there where a folder is to be", async () => {
  const { tree, commit } = await indexed({ "a/b/file": "1\n", "c/file": "2\n" });
  const outside = await temporaryFolder();
  await symlink(outside, join(tree, "a"));
  const own = await openGitOfTest();
  expect(await writeApart(own, { repository: tree, commit })).toBe(false);
  expect(await readdir(outside)).toEqual([]);
  await own.close();
});

describe("an index in parts", () => {
  const FILES = {
    ...Object.fromEntries(["a/1", "a/2", "a/3", "b/c/1", "b/c/2", "d", "e"].map((path) => [path, `${path}\n`])),
    "b/link": { symlink: "c/1" },
  };

  async function split(parts: number) {
    const { tree } = await indexed(FILES);
    const bytes = await readFile(join(tree, ".git/index"));
    const namesOf = async (part: Buffer): Promise<string> => {
      await writeFile(join(tree, ".git/index"), part);
      return git(tree, ["ls-files"]);
    };
    return { bytes, namesOf, index: splitIndex(Buffer.from(bytes), { oidBytes: 20, parts })! };
  }

  it("has no folder in two of them, and links by themselves", async () => {
    const { index, namesOf } = await split(2);
    const parts = [];
    for (const part of [...index.files, ...index.others]) parts.push((await namesOf(part)).split("\n"));
    expect(parts).toEqual([["a/1", "a/2", "a/3", "b/c/1", "b/c/2"], ["d", "e"], ["b/link"]]);
    expect([...index.folders]).toEqual(["a", "b", "b/c"]);
  });

  it("is not split where it has more folders than can be told apart in time", async () => {
    const repository = await temporaryFolder();
    await git(repository, ["init", "--quiet"]);
    const file = "b0".repeat(20);
    const deep = "d/".repeat(1_500);
    const lines = Array.from({ length: 100 }, (_, n) => `100644 ${file}\t${n}/${deep}f\0`).join("");
    await git(repository, ["update-index", "-z", "--index-info"], Buffer.from(lines));
    const bytes = await readFile(join(repository, ".git/index"));
    expect(splitIndex(bytes, { oidBytes: 20, parts: 2 })).toBeUndefined();
  });

  it("is the same when they are joined, and none when one of them is another's", async () => {
    const { bytes, index } = await split(2);
    const parts = [...index.files, ...index.others];
    expect(index.join(parts)?.equals(bytes)).toBe(true);
    expect(index.join(parts.toReversed())).toBeUndefined();
    expect(index.join(parts.slice(1))).toBeUndefined();
  });
});
