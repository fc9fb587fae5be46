import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openGuess } from "../../src/git/trees/early/guess.ts";
import { openTreePaths } from "../../src/git/trees/early/tree-paths.ts";
import { git, temporaryFolder } from "../support/index.ts";
import { blobOf, commitOf, nameOf, treeOf, type PackObject } from "../support/hostile-pack.ts";

describe("what a hostile commit would have written early", () => {
  const HOOK = blobOf("#!/bin/sh\ntouch /tmp/owned\n");
  const HOOKS = treeOf([{ mode: "100755", name: "post-checkout", object: nameOf(HOOK) }]);
  const LINK = blobOf("../outside");

  /** What is in the folder around the tree after these objects, in this order, after their commit and its tree. */
  async function writtenBy(tree: PackObject, objects: PackObject[]): Promise<string[]> {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "tree/.git"), { recursive: true });
    await mkdir(join(folder, "outside"));
    const commit = commitOf(nameOf(tree));
    const guess = openGuess(join(folder, "tree"), nameOf(commit));
    for (const [offset, object] of [commit, tree, ...objects].entries()) {
      guess.take({ type: object.type as "blob", name: nameOf(object), offset, content: object.content });
    }
    guess.finish();
    return (await readdir(folder, { recursive: true })).toSorted();
  }

  const folderOf = (name: string, tree: PackObject) => ({ mode: "40000", name, object: nameOf(tree) });
  const nothing = ["outside", "tree", "tree/.git"];

  it.each([".git", ".GIT", ".Git.", ".git ", "git~1", "..", ".", ".git::$INDEX_ALLOCATION", "a/b", "a\\b", ""])(
    "nothing in a folder named %j",
    async (name) => {
      expect(await writtenBy(treeOf([folderOf(name, HOOKS)]), [HOOKS, HOOK])).toEqual(nothing);
    },
  );

  it("nothing that git believes, as long as the attributes of a folder are not known", async () => {
    const attributes = blobOf("* eol=crlf\n");
    const entries = [
      { mode: "100644", name: ".gitattributes", object: nameOf(attributes) },
      { mode: "100644", name: "a", object: nameOf(HOOK) },
    ];
    for (const objects of [[HOOK], [HOOK, attributes], [attributes, HOOK]]) {
      expect(await writtenBy(treeOf(entries), objects)).not.toContain("tree/.git/index");
    }
    const [, file] = entries;
    expect(await writtenBy(treeOf([file!]), [HOOK])).toContain("tree/.git/index");
  });

  it("nothing but what stands in a tree that the commit leads to", async () => {
    expect(await writtenBy(treeOf([]), [HOOKS, HOOK])).toEqual(nothing);
  });

  it("nothing through a link that has the name of a folder, whichever comes first", async () => {
    const tree = treeOf([{ mode: "120000", name: "x", object: nameOf(LINK) }, folderOf("x", HOOKS)]);
    for (const objects of [
      [LINK, HOOKS, HOOK],
      [HOOKS, HOOK, LINK],
    ]) {
      const seen = await writtenBy(tree, objects);
      expect(seen.filter((path) => path.startsWith("outside/"))).toEqual([]);
    }
  });

  it("no more than a part of a tree that stands for more files than there are anywhere", async () => {
    let tree = treeOf(Array.from({ length: 10 }, (_, n) => ({ mode: "100644", name: `f${n}`, object: nameOf(HOOK) })));
    const trees: PackObject[] = [];
    for (let depth = 0; depth < 9; depth += 1) {
      const below = tree;
      trees.unshift(below);
      tree = treeOf(Array.from({ length: 10 }, (_, n) => folderOf(`d${n}`, below)));
    }
    for (const objects of [
      [...trees, HOOK],
      [HOOK, ...trees],
      [...trees.toReversed(), HOOK],
      [HOOK, ...trees.toReversed()],
    ]) {
      expect((await writtenBy(tree, objects)).length).toBeLessThan(3_000);
    }
  });

  it("no more than a look at a tree of very many files that is in very many places", async () => {
    const file = nameOf(HOOK);
    const many = Array.from({ length: 10_000 }, (_, n) => `${n}`).toSorted();
    const wide = treeOf(many.map((name) => ({ mode: "100644", name, object: file })));
    const tree = treeOf(many.map((name) => folderOf(name, wide)));
    for (const objects of [
      [wide, HOOK],
      [HOOK, wide],
    ]) {
      expect((await writtenBy(tree, objects)).length).toBeLessThan(3_000);
    }
  });

  it("no more than a part of a large file that is in many places", async () => {
    const file = blobOf(Buffer.alloc(1024 * 1024, "x"));
    const entries = Array.from({ length: 2_000 }, (_, n) => ({ mode: "100644", name: `${n}`, object: nameOf(file) }));
    expect((await writtenBy(treeOf(entries), [file])).length).toBeLessThan(20);
  });
});

it("whatever name is written early, git takes it as well", async () => {
  const repository = await temporaryFolder();
  await git(repository, ["init", "--quiet"]);
  const part = fc.constantFrom(
    ".git",
    "git~1",
    ".GIT",
    ".",
    "~",
    "1",
    " ",
    ":",
    "\\",
    "/",
    "a",
    "..",
    "\u200c",
    "\0",
    "$",
  );
  const names = fc.sample(fc.array(part, { minLength: 1, maxLength: 4 }), 2_000).map((parts) => parts.join(""));
  const file = "b0".repeat(20);
  const entries = [...new Set(names)].map((name) => ({ mode: "100644", name, object: file }));
  const paths = openTreePaths(20);
  const tree = treeOf(entries);
  paths.begin(nameOf(tree));
  const taken = paths.add(nameOf(tree), tree.content).places.map(({ path }) => path);
  expect(taken.length).toBeGreaterThan(50);
  const info = taken.map((path) => `100644 ${file}\t${path}\0`).join("");
  await git(repository, ["-c", "core.protectNTFS=true", "update-index", "-z", "--index-info"], Buffer.from(info));
  const takenByGit = (await git(repository, ["ls-files", "-z"])).split("\0");
  expect(taken.filter((name) => !takenByGit.includes(name))).toEqual([]);
});
