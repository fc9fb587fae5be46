import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { materialize, resolve, type GitEvent, type GitRequest } from "../../src/git/index.ts";
import { readIndex } from "../../src/git/trees/git-index.ts";
import { notAsGitWrites } from "../../src/git/trees/kept/as-git-writes.ts";
import { git, startGitServer, temporaryFolder, type FileSpec, type GitServer } from "../support/index.ts";
import { filesBelow } from "../support/files-below.ts";
import { openGitOfTest, requestFor } from "./request.ts";

// What git makes of a commit, held against what is made of it here: cold, and out of the cache.

let server: GitServer;
beforeAll(async () => {
  server = await startGitServer();
});
afterAll(() => server.close());

interface Target {
  target: string;
  warnings: string[];
}

async function targetOf(name: string, more: Partial<GitRequest> = {}): Promise<Target> {
  const events: GitEvent[] = [];
  const request = requestFor(`${server.url}/${name}.git`, { revision: "main", ...more, events });
  const target = join(await temporaryFolder(), "repo");
  await materialize({ ...request, resolution: await resolve(request), target });
  const warnings = events.flatMap((event) => (event.phase === "warning" ? [event.problem.message] : []));
  return { target, warnings };
}

async function cloneOf(name: string): Promise<string> {
  const clone = join(await temporaryFolder(), "clone");
  await git(".", ["clone", "--quiet", "--branch=main", `${server.url}/${name}.git`, clone]);
  return clone;
}

/** Cold, cold with a cache, and out of that: each is what git's own clone is, without a warning. */
async function expectAsCloned(name: string, files: Record<string, FileSpec>): Promise<void> {
  await server.add(name, { commits: [{ files }] });
  const theirs = await filesBelow(await cloneOf(name));
  const cache = await temporaryFolder();
  for (const more of [{}, { cache }, { cache }]) {
    const { target, warnings } = await targetOf(name, more);
    expect(warnings).toEqual([]);
    expect(await filesBelow(target)).toEqual(theirs);
  }
}

describe("files that git converts to what it would not convert back", () => {
  it.each([
    ["both line ends", "*.txt text eol=crlf\n", "a\r\nb\n"],
    ["a keyword that was committed with its value", "*.txt ident\n", "$Id: old $\n"],
    ["an encoding", "*.txt working-tree-encoding=UTF-16\n", "größe\n"],
  ])("%s", async (what, attributes, content) => {
    const name = `org/${what.replaceAll(" ", "-")}`;
    await expectAsCloned(name, { ".gitattributes": attributes, "a.txt": content, "b/a.txt": content, "c.txt": "c\n" });
  });

  it("a name that ends as a line of Windows does", async () => {
    await expectAsCloned("org/line-end", { ".gitattributes": "* eol=crlf\n", "a\r": "1\n", a: "2\n" });
  });

  it("attributes that are a link, from which git takes them as it checks out", async () => {
    const attributes = { symlink: "*.txt eol=crlf\n" };
    await expectAsCloned("org/linked", {
      ".gitattributes": attributes,
      "b/.gitattributes": attributes,
      "a.txt": "a\n",
    });
  });

  it("attributes that make other attributes of themselves", async () => {
    const attributes = "* working-tree-encoding=UTF-16\n*.txt ident\n";
    await expectAsCloned("org/themselves", { ".gitattributes": attributes, "a.txt": "$Id: x $\n" });
  });
});

it("an encoding that the attributes of a folder ask for, with more files than are written one by one", async () => {
  const files: Record<string, FileSpec> = {};
  for (let n = 0; n < 150; n += 1) files[`f${n}.txt`] = `${n}\n`;
  for (const folder of ["a/b", "c", "d/e/f"]) {
    files[`${folder}/.gitattributes`] = "*.txt working-tree-encoding=UTF-16LE\n";
    for (let n = 0; n < 20; n += 1) files[`${folder}/${n}.txt`] = `größe ${n}\n`;
  }
  await expectAsCloned("org/encoding-below", files);
  // the next commit, beside what is kept of this one
  await server.add("org/encoding-next", { commits: [{ name: "old", files }, { files: { "c/1.txt": "ü\n" } }] });
  const theirs = await filesBelow(await cloneOf("org/encoding-next"));
  const cache = await temporaryFolder();
  for (const revision of ["main~1", "main", "main"]) {
    const commit = await git(server.root, ["--git-dir=org/encoding-next.git", "rev-parse", revision]);
    const { target, warnings } = await targetOf("org/encoding-next", { cache, revision: commit });
    expect(warnings).toEqual([]);
    if (revision === "main") expect(await filesBelow(target)).toEqual(theirs);
    expect(await git(target, ["status", "--porcelain"])).toBe("");
  }
});

it("what is neither as it is in git nor as git writes it is found", async () => {
  const tree = await temporaryFolder();
  const files = { ".gitattributes": "*.txt eol=crlf\n", "good.txt": "1\n", "bad.txt": "2\n", "mixed.txt": "a\r\nb\n" };
  const { path } = await server.add("org/changed", { commits: [{ files }] });
  await git(tree, ["clone", "--quiet", "--branch=main", path, "."]);
  await writeFile(join(tree, "bad.txt"), "3\r\n");
  const index = readIndex(await readFile(join(tree, ".git/index")), 20);
  const own = await openGitOfTest();
  const entries = index?.entries ?? [];
  const rest = entries.filter(({ path: name }) => name !== "bad.txt");
  expect((await notAsGitWrites(entries, own, tree))?.path).toBe("bad.txt");
  expect([rest.length, await notAsGitWrites(rest, own, tree)]).toEqual([3, undefined]);
  await own.close();
});

it("what is not UTF-8, a folder's name or where a link leads, is there each time, and said nothing of", async () => {
  const { path } = await server.add("org/bytes", { commits: [{ files: { a: "1\n" } }] });
  const blob = async (content: Buffer): Promise<string> => git(path, ["hash-object", "-w", "--stdin"], content);
  const [file, link] = [await blob(Buffer.from("1\n")), await blob(Buffer.from([0x61, 0xff]))];
  const tree = async (entries: Buffer): Promise<string> => git(path, ["mktree", "-z"], entries);
  const below = await tree(Buffer.from(`100644 blob ${file}\ta\0`));
  for (const entry of [
    Buffer.concat([Buffer.from(`040000 tree ${below}\t`), Buffer.from([0xff, 0xfe, 0])]),
    Buffer.from(`120000 blob ${link}\tlink\0`),
  ]) {
    const commit = await git(path, [
      "-c",
      "user.name=a",
      "-c",
      "user.email=a",
      "commit-tree",
      "-m",
      "x",
      await tree(entry),
    ]);
    await git(path, ["update-ref", "refs/heads/main", commit]);
    const theirs = await filesBelow(await cloneOf("org/bytes"));
    const cache = await temporaryFolder();
    for (const _ of [1, 2]) {
      const { target, warnings } = await targetOf("org/bytes", { cache });
      expect(warnings).toEqual([]);
      expect(await filesBelow(target)).toEqual(theirs);
    }
  }
});

it("the files of the top folder alone, as --sparse asks for", async () => {
  const files = { a: "1\n", "b/c": "2\n", "d/e/f": "3\n" };
  await server.add("org/top", { commits: [{ files }] });
  const options = { ...requestFor("").options, sparse: ["."] };
  const { target } = await targetOf("org/top", { options });
  expect([...(await filesBelow(target)).keys()]).toEqual(["a"]);
  expect(await git(target, ["status", "--porcelain"])).toBe("");
});

it("what cannot be made ready is told, also while the server lets wait", async () => {
  const { commits } = await server.add("org/late", { commits: [{ files: { a: "1\n" } }] });
  server.faults.push({ match: ({ path }) => path.includes("late"), delay: 300 });
  const options = { ...requestFor("").options, tags: true, sparse: ["../x"] };
  const request = requestFor(`${server.url}/org/late.git`, { options });
  const target = join(await temporaryFolder(), "repo");
  await mkdir(dirname(target), { recursive: true });
  const resolution = { commit: commits["main"]! };
  await expect(materialize({ ...request, resolution, target })).rejects.toMatchObject({ code: "PATH_INVALID" });
  server.faults.length = 0;
});
