import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_POLICY, type Policy } from "../../src/config/index.ts";
import type { GitRequest } from "../../src/git/index.ts";
import { git, startGitServer, temporaryFolder, type GitServer } from "../support/index.ts";
import {
  blobOf,
  commitOf,
  deltaOf,
  forgedBranch,
  makePack,
  nameOf,
  treeOf,
  type PackDelta,
  type PackLies,
  type PackObject,
} from "../support/hostile-pack.ts";
import { fetchCode, refused, requestFor, WAY } from "./request.ts";

const QUICK: Policy = {
  ...DEFAULT_POLICY,
  timeouts: { connect: 1_500, stall: 5_000, resolve: 10_000, materialize: 30_000 },
};

let server: GitServer;
beforeAll(async () => {
  server = await startGitServer();
  await server.add("org/test");
});
afterAll(() => server.close());
beforeEach(() => {
  server.faults.length = 0;
});

const BLOB = blobOf("1\n");
const entry = (name: string | Buffer, object = nameOf(BLOB), mode = "100644") => ({ mode, name, object });
const TREE = treeOf([entry("f")]);
const COMMIT = commitOf(nameOf(TREE));
const WHOLE = [COMMIT, TREE, BLOB];
const NOBODY = "b0".repeat(20);

/** What a server gives for its only branch. */
interface Given {
  commit: string;
  pack: Buffer;
}

/** A commit that is whole, and what else is in the pack. */
const beside = (more: (PackObject | PackDelta)[], lies?: PackLies): Given => ({
  commit: nameOf(COMMIT),
  pack: makePack([...WHOLE, ...more], lies),
});

/** A commit with this top tree. */
function withTree(tree: PackObject, more: PackObject[] = []): Given {
  const commit = commitOf(nameOf(tree));
  return { commit: nameOf(commit), pack: makePack([commit, tree, BLOB, ...more]) };
}

function withFile(name: string, content: string | Buffer, mode: string): Given {
  const file = blobOf(content);
  return withTree(treeOf([entry(name, nameOf(file), mode)]), [file]);
}

const difference = (base: PackObject, delta: Buffer): PackDelta => ({ base: nameOf(base), delta });

function requestOf({ commit, pack }: Given, more: Partial<GitRequest> = {}): GitRequest {
  server.faults.push(...forgedBranch(commit, pack));
  return requestFor(`${server.url}/org/test.git`, { policy: QUICK, revision: "main", ...more });
}

describe("a pack that is not whole is told as none", () => {
  const delta = deltaOf({ base: 2, result: 100 }, [{ copy: [1_000, 100] }]);
  const twoBytes = deltaOf({ base: 2, result: 2 }, [{ copy: [0, 2] }]);
  const wrongBase = deltaOf({ base: 200, result: 100 }, [{ copy: [0, 100] }]);
  const noInstruction = Buffer.concat([deltaOf({ base: 2, result: 2 }, []), Buffer.from([0])]);
  const blobAsTree = commitOf(nameOf(BLOB));
  const noTree = commitOf(NOBODY);
  it.each([
    ["more objects are promised than come", beside([], { count: 4 })],
    ["fewer objects are promised than come", beside([], { count: 2 })],
    ["no objects are promised", beside([], { count: 0 })],
    ["a difference that copies from beyond its base", beside([difference(BLOB, delta)])],
    ["a difference from a base of another size", beside([difference(BLOB, wrongBase)])],
    ["a difference with an instruction that there is not", beside([difference(BLOB, noInstruction)])],
    ["a difference from an object that is not there", beside([{ base: NOBODY, delta: twoBytes }])],
    ["a blob where the tree should be", { commit: nameOf(blobAsTree), pack: makePack([blobAsTree, BLOB]) }],
    ["no tree", { commit: nameOf(noTree), pack: makePack([noTree]) }],
    ["a tree for a file", withTree(treeOf([entry("x", nameOf(TREE))]), [TREE])],
    ["a file for a folder", withTree(treeOf([entry("x", nameOf(BLOB), "40000")]))],
    ["a commit for a folder", withTree(treeOf([entry("x", nameOf(COMMIT), "40000")]), [COMMIT, TREE])],
    ["no content", withTree(treeOf([entry("x", NOBODY)]))],
  ])("%s", async (_, given) => {
    const { code, message } = await refused(requestOf(given));
    expect({ code, message }).toMatchObject({
      code: "GIT_PROTOCOL",
      message: expect.stringContaining("sends as a pack is none"),
    });
  });
});

describe("what follows a pack changes nothing", () => {
  it.each([
    ["bytes that are nothing", { trailing: Buffer.alloc(1_000_000, 7) }],
    ["another pack", { trailing: makePack([blobOf("another")]) }],
  ])("%s", async (_, lies) => {
    const asked = requestOf(beside([], lies));
    // git refuses such an answer, the engine passes it over
    if (WAY === "git") return expect(await refused(asked)).toMatchObject({ code: "GIT_PROTOCOL" });
    const { target, reference } = await fetchCode(asked);
    expect(reference.commit).toBe(nameOf(COMMIT));
    expect(await readdir(target)).toEqual([".git", "f"]);
    expect(await git(target, ["status", "--porcelain"])).toBe("");
    await git(target, ["fsck", "--strict"]);
  });
});

describe("a tree that must not be written is refused", () => {
  const cut = { type: "tree", content: Buffer.concat([TREE.content, Buffer.from("100644 zz\0abc")]) } as const;
  const folder = (name: string): Given => withTree(treeOf([entry(name, nameOf(TREE), "40000")]), [TREE]);
  it.each([
    ["an entry that is cut", withTree(cut)],
    ["entries out of order", withTree(treeOf([entry("b"), entry("a")]))],
    ["an object without a name", withTree(treeOf([entry("a", "00".repeat(20))]))],
    ["a folder .", folder(".")],
    [".git as a stream of NTFS", folder(".git::$INDEX_ALLOCATION")],
    [".git with a mark that HFS does not see", folder(".g\u200cit")],
    [".gitmodules as a link", withFile(".gitmodules", "/etc/passwd", "120000")],
    [".gitmodules as a folder", folder(".gitmodules")],
    ["a name of four kilobytes", withTree(treeOf([entry("n".repeat(4100))]))],
    ["a link to nothing at all", withFile("l", "", "120000")],
    ["a link of a megabyte", withFile("l", "x/".repeat(500_000), "120000")],
  ])("%s", async (_, given) => {
    expect((await refused(requestOf(given))).code).toBe("GIT_CONTENT_REFUSED");
  });
});

it("a refusal names the fault, as policy.fsck.ignore has it", async () => {
  const { message } = await refused(requestOf(withFile(".gitattributes", `* ${"x".repeat(3_000)}`, "100644")));
  expect(message).toContain("gitattributesLineLength");
});

describe("a few bytes that stand for very much", () => {
  it.each([
    ["a difference that makes 3 GB of 16 MB", 3_000_000_000],
    ["a difference that claims to make a petabyte", 2 ** 50],
  ])("%s takes no memory", async (_, result) => {
    const base = blobOf(Buffer.alloc(16_000_000));
    const copies = Array.from({ length: 188 }, () => ({ copy: [0, 16_000_000] as [number, number] }));
    const asked = requestOf(beside([base, difference(base, deltaOf({ base: 16_000_000, result }, copies))]));
    expect(await refused(asked)).toMatchObject({ code: "GIT_TOO_LARGE", message: expect.stringContaining("memory") });
  });

  /** Ten levels of ten folders each, all the same: a dozen objects, and 10^10 files. */
  function bomb(): Given {
    const trees = [TREE];
    for (let level = 0; level < 10; level += 1) {
      const below = nameOf(trees[0]!);
      trees.unshift(treeOf(Array.from({ length: 10 }, (_, at) => entry(`d${at}`, below, "40000"))));
    }
    return withTree(trees[0]!, trees.slice(1));
  }

  it.each([
    ["nothing", {}, /10000000000 files in 11111111110 folders, more than any/],
    ["a number of files", { maxFiles: 1_000_000 }, /10000000000 files.*maxFiles/],
    ["a number of bytes", { maxBytes: 1_000_000 }, /20000000000 bytes.*maxBytes/],
  ])("trees that unfold to 10^10 files are not unfolded; the policy limits %s", async (_, limits, words) => {
    const asked = requestOf(bomb(), { policy: { ...QUICK, ...limits }, cache: await temporaryFolder() });
    expect(await refused(asked)).toMatchObject({ code: "GIT_TOO_LARGE", message: expect.stringMatching(words) });
  });

  it.each([
    ["nothing", {}, /0 files in 1111111110 folders, more than any/],
    ["a number of files", { maxFiles: 1_000_000 }, /1111111110 folders.*maxFiles/],
  ])("10^9 folders without a file are not gone through; the policy limits %s", async (_, limits, words) => {
    const trees = [treeOf([])];
    for (let level = 0; level < 9; level += 1) {
      const below = nameOf(trees[0]!);
      trees.unshift(treeOf(Array.from({ length: 10 }, (__, at) => entry(`d${at}`, below, "40000"))));
    }
    const asked = requestOf(withTree(trees[0]!, trees.slice(1)), { policy: { ...QUICK, ...limits } });
    expect(await refused(asked)).toMatchObject({ code: "GIT_TOO_LARGE", message: expect.stringMatching(words) });
  });

  it("very many folders in one are counted, each of them another", async () => {
    const folders = Array.from({ length: 150_000 }, (_, n) => treeOf([entry(`s${n}`, NOBODY, "160000")]));
    const top = folders.map((folder, n) => entry(`d${100_000 + n}`, nameOf(folder), "40000"));
    const asked = requestOf(withTree(treeOf(top), folders), { policy: { ...QUICK, maxFiles: 149_999 } });
    const message = expect.stringContaining("has 150000 files");
    expect(await refused(asked)).toMatchObject({ code: "GIT_TOO_LARGE", message });
  });

  it("what is within the policy is counted as it is written", async () => {
    const large = blobOf(Buffer.alloc(100_000));
    const folder = treeOf([entry("large", nameOf(large))]);
    const top = treeOf([entry("a", nameOf(folder), "40000"), entry("b", nameOf(folder), "40000"), entry("c")]);
    const asked = requestOf(withTree(top, [folder, large]), {
      policy: { ...QUICK, maxFiles: 3, maxBytes: 200_002 },
    });
    expect((await readdir((await fetchCode(asked)).target)).toSorted()).toEqual([".git", "a", "b", "c"]);
    for (const less of [{ maxFiles: 2 }, { maxBytes: 200_001 }])
      expect(await refused({ ...asked, policy: { ...QUICK, ...less } })).toMatchObject({ code: "GIT_TOO_LARGE" });
  });
});
