import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BowlineError, checkRevision, parseRevision } from "../../src/lib/index.ts";

const SHA1 = "62b264813aaf5cba3a81919c623ea55c3f79698f";
const SHA256 = "4b825dc642cb6eb9a060e54bf8d69288fbee490462b264813aaf5cba3a81919c";

describe("forms of a revision", () => {
  it.each([
    ["HEAD", { kind: "head" }],
    ["refs/heads/main", { kind: "ref", ref: "refs/heads/main" }],
    ["refs/pull/7/head", { kind: "ref", ref: "refs/pull/7/head" }],
    [SHA1, { kind: "commit", commit: SHA1 }],
    [SHA1.toUpperCase(), { kind: "commit", commit: SHA1 }],
    [SHA256, { kind: "commit", commit: SHA256 }],
    [` ${SHA1}\r\n`, { kind: "commit", commit: SHA1 }],
    ["main", { kind: "name", name: "main" }],
    ["feature/größer", { kind: "name", name: "feature/größer" }],
    ["1234567", { kind: "name", name: "1234567", short: "1234567" }],
    ["DEADBEEF", { kind: "name", name: "DEADBEEF", short: "deadbeef" }],
    ["123456", { kind: "name", name: "123456" }],
    [SHA1.slice(1), { kind: "name", name: SHA1.slice(1), short: SHA1.slice(1) }],
    [`${SHA1}0`, { kind: "name", name: `${SHA1}0`, short: `${SHA1}0` }],
    ["1e5", { kind: "name", name: "1e5" }],
    ["c++", { kind: "name", name: "c++" }],
  ])("%j", (text, revision) => {
    expect(parseRevision(text)).toEqual(revision);
  });
});

describe("a revision that is refused", () => {
  it.each([
    "",
    "  ",
    "--upload-pack=/tmp/x",
    "-b",
    "@",
    "@{-1}",
    "main@{1}",
    ":/text",
    "HEAD~5",
    "HEAD^",
    "^x",
    "a..b",
    "refs/heads/*",
    "+x",
    "x:y",
    "a b",
    "a\nb",
    "a\\b",
    "x?",
    "x[",
    "x.lock",
    "x.lock/y",
    ".x",
    "a/.b",
    "/a",
    "a/",
    "a//b",
    "x.",
    `\ufeff${SHA1}`,
    `\u200b${SHA1}`,
    "a\u202eb",
    "a\ud800",
    "x".repeat(300),
  ])("%j", (text) => {
    expect(checkRevision(text)).toMatchObject({ code: "GIT_REVISION_INVALID", hint: expect.any(String) });
    expect(() => parseRevision(text)).toThrow(BowlineError);
  });
});

it("a no-break space or a byte order mark is never trimmed away", () => {
  for (const space of ["\u00a0", "\ufeff", "\u2028"]) {
    if (checkRevision(space + SHA1)) continue;
    expect(parseRevision(space + SHA1).kind).toBe("name");
  }
});

it("what is taken, git takes as a branch name; what git does not take is refused", () => {
  const pieces = fc.constantFrom(
    ..."a 1 / // . .. .lock @ @{ - + ~ ^ : ? * [ \\ ü 日本 c++ refs heads main".split(" "),
    " ",
    "\n",
    "\u00a0",
  );
  const texts = fc.sample(
    fc.oneof(
      fc.array(pieces, { maxLength: 6 }).map((parts) => parts.join("")),
      fc.string(),
    ),
    400,
  );
  for (const text of new Set(texts)) {
    if (text.includes("\0") || text !== text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "")) continue;
    const { status } = spawnSync("git", ["check-ref-format", `refs/heads/${text}`]);
    const refused = checkRevision(text) !== undefined;
    // stricter than git by choice: options, forced refspecs, expressions
    if (status === 0 && refused) expect(text).toMatch(/^[-+]|^@$|^\p{Cf}|[\u007f-\u009f]/u);
    else expect(refused, JSON.stringify(text)).toBe(status !== 0);
  }
});
