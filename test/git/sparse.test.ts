import { execa } from "execa";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inSparse, sparsePatterns } from "../../src/git/trees/sparse.ts";
import { git, temporaryFolder } from "../support/index.ts";

test.each([[["docs"]], [["src/model", "docs/"]], [["a/b/c", "a/b", "a/x"]], [["we*ird/fo[l]der", "./src", "a//b"]]])(
  "the patterns of %j are git's own",
  async (folders) => {
    const folder = await temporaryFolder();
    await git(folder, ["init", "-q", "."]);
    await execa("git", ["sparse-checkout", "set", "--cone", "--skip-checks", ...folders], {
      cwd: folder,
      reject: false,
    });
    expect(sparsePatterns(folders)).toBe(await readFile(join(folder, ".git/info/sparse-checkout"), "utf8"));
  },
);

test.each(["../x", "", "/", "-x", "a/../b", ".git", "a\nb", "a\\b"])("%j is refused", (folder) => {
  expect(() => sparsePatterns([folder])).toThrow(expect.objectContaining({ code: "PATH_INVALID" }));
});

test("knows what is checked out", () => {
  const inside = (path: string) => inSparse(["src/model"], path);
  expect([inside("README"), inside("src/setup.py"), inside("src/model/a/b.py")]).toEqual([true, true, true]);
  expect([inside("docs/a.md"), inside("src/other/x"), inside("src/modelling/x")]).toEqual([false, false, false]);
});
