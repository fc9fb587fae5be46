import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { join } from "node:path";
import { readdir, readFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, it } from "vitest";
import { firstCommit } from "../../src/git/objects/first-commit.ts";
import { objectHead, readPackHeader } from "../../src/git/objects/pack-header.ts";
import { addPackedRefs } from "../../src/git/objects/packed-refs.ts";
import { missingInPack } from "../../src/git/objects/pack-index.ts";
import { commitDetails, readCommit } from "../../src/git/trees/commit-details.ts";
import { readFetchAnswer, type Ear } from "../../src/git/server/fetch-answer.ts";
import { BowlineError } from "../../src/lib/index.ts";
import { git, temporaryFolder } from "../support/index.ts";

it("any bytes are a pack's beginning or none, never an exception", () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.uint8Array().map((more) => [...Buffer.from("PACK\0\0\0\x02"), ...more]),
  );
  fc.assert(
    fc.property(bytes, fc.nat(20), (content, at) => {
      const buffer = Buffer.from(content);
      readPackHeader(buffer);
      objectHead(buffer, at);
      expect(firstCommit(buffer, "b0".repeat(20))).toBeUndefined();
    }),
  );
});

it("a header is taken for one exactly where git takes it", () => {
  const cwd = execFileSync("mktemp", ["-d"], { encoding: "utf8" }).trim();
  execFileSync("git", ["init", "-q", cwd]);
  const takes = (header: Buffer): boolean => {
    const pack = Buffer.concat([header, createHash("sha1").update(header).digest()]);
    try {
      execFileSync("git", ["index-pack", "--stdin"], { cwd, input: pack, stdio: ["pipe", "ignore", "ignore"] });
      return true;
    } catch {
      return false;
    }
  };
  for (const text of ["PACK", "PACK ", "pack", "KCAP", "PAC"]) {
    for (const version of [0, 1, 2, 3, 4, 0x02000000]) {
      const header = Buffer.concat([Buffer.from(text), Buffer.alloc(8)]);
      header.writeUInt32BE(version, text.length);
      const cut = header.subarray(0, 12);
      expect([text, version, readPackHeader(cut) !== undefined]).toEqual([text, version, takes(cut)]);
    }
  }
  execFileSync("rm", ["-r", cwd]);
});

it("type and size of an object are read as git writes them", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.nat({ max: 2 ** 40 }), (type, size) => {
      const bytes = [(type << 4) | (size % 16)];
      for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
        bytes[bytes.length - 1]! |= 0x80;
        bytes.push(rest % 128);
      }
      expect(objectHead(Buffer.from(bytes), 0)).toEqual({ type, size, end: bytes.length });
    }),
  );
});

it("a commit that is not the one that was asked for, or unfolds to more than it says, is not taken", () => {
  const content = Buffer.from(`tree ${"b0".repeat(20)}\n`);
  const pack = (size: number): Buffer => {
    const head = Buffer.from([0x90 | (size & 15), size >> 4]);
    return Buffer.concat([Buffer.from("PACK\0\0\0\x02\0\0\0\x01"), head, deflateSync(content)]);
  };
  const name = createHash("sha1").update(`commit ${content.length}\0`).update(content).digest("hex");
  expect(firstCommit(pack(content.length), name)).toEqual(content);
  expect(firstCommit(pack(content.length), "b0".repeat(20))).toBeUndefined();
  expect(firstCommit(pack(content.length - 1), name)).toBeUndefined();
  expect(firstCommit(pack(content.length + 1), name)).toBeUndefined();
});

it("what a pack does not hold is found by its index", async () => {
  const cwd = await temporaryFolder();
  await git(cwd, ["init", "-q"]);
  const blobs = [];
  for (let each = 0; each < 60; each += 1)
    blobs.push(await git(cwd, ["hash-object", "-w", "--stdin"], Buffer.from(String(each))));
  await git(cwd, ["pack-objects", "-q", ".git/objects/pack/pack"], Buffer.from(`${blobs.slice(0, 50).join("\n")}\n`));
  const folder = join(cwd, ".git/objects/pack");
  const index = (await readdir(folder)).find((name) => name.endsWith(".idx"))!;
  expect(await missingInPack(join(folder, index), blobs)).toEqual(blobs.slice(50));
});

it.each([
  "Train longer",
  "\n\n  two\nlines  \n\nand a body\n",
  "größer — 日本",
  "trailing \t\r\nnext\n",
  "",
  "\n",
  " \n \nlate",
])("a commit is read as git reads it: %j", async (message) => {
  const cwd = await temporaryFolder();
  await git(cwd, ["init", "-q"]);
  const tree = await git(cwd, ["mktree"], Buffer.alloc(0));
  for (const author of ["Zoë O'Neil <zoe@example.com>", "a <>", "x  y <a.b@c>", " <only@mail>"]) {
    const text = `tree ${tree}\nauthor ${author} 1767225600 +0100\ncommitter C <c@d> 1767225601 -0930\n\n${message}`;
    const commit = await git(cwd, ["hash-object", "-t", "commit", "-w", "--stdin", "--literally"], Buffer.from(text));
    const run = async (args: readonly string[]) => ({
      code: 0,
      stdout: execFileSync("git", args, { cwd }),
      stderr: "",
    });
    const byGit = await readCommit({ run, close: async () => undefined }, { repository: cwd, commit, url: "" });
    const own = commitDetails(Buffer.from(text));
    if (own !== undefined) expect(own).toEqual(byGit);
    else expect(author).toMatch(/^ |<>$/);
  }
});

it("any bytes as an answer to a fetch end in an answer, a refusal or an error of ours", async () => {
  const error = (): BowlineError => new BowlineError({ code: "GIT_PROTOCOL", message: "", hint: "" });
  const ear: Ear = { onWords: () => undefined, cutShort: error, broken: error, tooSlow: error, stall: 1000 };
  const piece = fc.oneof(
    fc.constantFrom(
      "000dpackfile\n",
      "0000",
      "0001",
      "0002",
      "0005\x01",
      "0006\x01x",
      "0009\x02word",
      "0008\x03bad",
      "0011shallow-info\n",
      "0008ERR ",
    ),
    fc.string({ maxLength: 6 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece), async (pieces) => {
      async function* chunks(): AsyncGenerator<Buffer> {
        for (const each of pieces) yield Buffer.from(each, "latin1");
      }
      const stream = { status: 200, headers: {}, chunks: chunks(), waited: () => 0, drop: () => undefined };
      try {
        const answer = await readFetchAnswer(stream, ear);
        if ("refused" in answer) return;
        for await (const each of answer.pack) expect(each.every((bytes) => bytes.length > 0)).toBe(true);
        await answer.finish();
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(BowlineError);
      }
    }),
  );
});

it("references under names that git would not have are left out, and others are kept beside what was there", async () => {
  const cwd = await temporaryFolder();
  await git(cwd, ["init", "-q", "--bare"]);
  const object = await git(cwd, ["hash-object", "-w", "--stdin"], Buffer.from("x"));
  const names = [
    "refs/tags/../../config",
    "refs/tags/x\r",
    "refs/tags/a.lock",
    "refs/tags/\ufffd",
    "HEAD",
    "refs/tags/a b",
    "config",
  ];
  await addPackedRefs(
    cwd,
    [...names, "refs/tags/b", "refs/tags/a"].map((name) => ({ name, object })),
  );
  expect((await readFile(join(cwd, "packed-refs"), "utf8")).split("\n")).toHaveLength(4);
  await addPackedRefs(cwd, [{ name: "refs/tags/c", object }]);
  expect(await git(cwd, ["for-each-ref", "--format=%(refname)"])).toBe("refs/tags/a\nrefs/tags/b\nrefs/tags/c");
});
