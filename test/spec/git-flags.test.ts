import { describe, expect, test } from "vitest";
import { parseGitFlags } from "../../src/spec/index.ts";

describe("flags become options", () => {
  test.each<[string[], object]>([
    [["--experimental-fetch", "--depth 1", "--recurse-submodules"], { options: { history: 1, submodules: true } }],
    [["--depth=5"], { options: { history: 5 } }],
    [["--depth", "5"], { options: { history: 5 } }],
    [["--recurse-submodules=lib", "--recurse-submodules=a/b"], { options: { submodules: ["lib", "a/b"] } }],
    [["--recursive"], { options: { submodules: true } }],
    [["--tags", "--jobs 4", "--filter=blob:none"], { options: { tags: true, jobs: 4, filter: "blob:none" } }],
    [["--no-tags", "--single-branch", "--shallow-submodules"], { options: { tags: false } }],
    [["-b dev"], { options: {}, revision: "dev" }],
    [["--branch=dev"], { options: {}, revision: "dev" }],
    [["--sparse"], { options: { sparse: ["."] } }],
    [[], { options: {} }],
  ])("%j", (flags, expected) => expect(parseGitFlags(flags)).toEqual({ problems: [], ...expected }));
});

describe("everything else is refused", () => {
  test.each<[string, RegExp]>([
    ["-c http.sslVerify=false", /ca\.crt/],
    ["--config=http.sslVerify=false", /ca\.crt/],
    ["-c core.pager=x", /settings cannot be passed/],
    ["--upload-pack=touch /tmp/x", /understood are/],
    ["--dept 1", /did you mean "--depth"/],
    ["--depth", /--depth=1/],
    ["--depth=0", /--depth=1/],
    ["--depth=1e3", /--depth=1/],
    ["--filter=tree:0", /blob:none/],
    ["--recurse-submodules=../x", /relative to the repository/],
    ["--tags=yes", /write `--tags`/],
    ["main", /git\.revision/],
  ])("%s", (flag, hint) => {
    const { problems } = parseGitFlags([{ text: flag, place: { file: "f", line: 2, column: 3 } }]);
    expect(problems[0]).toMatchObject({
      code: "GIT_FLAG_INVALID",
      hint: expect.stringMatching(hint),
      place: { line: 2 },
    });
  });

  test("a policy narrows the list", () => {
    expect(parseGitFlags(["--depth=1", "--tags"], ["--depth"]).problems).toMatchObject([{ code: "POLICY_REFUSED" }]);
  });
});
