import { describe, expect, test } from "vitest";
import { readGitmodules, submoduleUrl } from "../../src/git/trees/gitmodules.ts";
import { parseGitUrl } from "../../src/lib/index.ts";

const COMMIT = "a".repeat(40);

function read(sections: Record<string, Record<string, string>>, paths: string[]) {
  const config = Object.entries(sections).flatMap(([name, values]) =>
    Object.entries(values).map(([key, value]) => `submodule.${name}.${key}\n${value}\0`),
  );
  return readGitmodules({ config: config.join(""), links: new Map(paths.map((path) => [path, COMMIT])) });
}

test("pairs gitlinks with their sections, whatever the name", () => {
  const found = read(
    { "a.b/c d": { path: "lib/x", url: "../x.git", branch: "main" }, unused: { path: "gone", url: "../gone" } },
    ["lib/x"],
  );
  expect(found).toEqual([{ name: "a.b/c d", path: "lib/x", url: "../x.git", commit: COMMIT }]);
});

test("leaves out what .gitmodules says is not to be updated", () => {
  expect(read({ docs: { path: "docs", url: "../docs", update: "none" } }, ["docs"])).toEqual([]);
});

test("a gitlink that .gitmodules does not describe is an error that names it", () => {
  expect(() => read({}, ["lib"])).toThrow(
    expect.objectContaining({ code: "GIT_SUBMODULE_INVALID", message: expect.stringContaining('"lib"') }),
  );
  expect(() => read({ lib: { path: "lib" } }, ["lib"])).toThrow(
    expect.objectContaining({ code: "GIT_SUBMODULE_INVALID" }),
  );
});

test.each([
  ["a name above .git/modules", { "../../x": { path: "lib", url: "../x" } }, "lib"],
  ["a name with CR at its end", { "x\r": { path: "lib", url: "../x" } }, "lib"],
  ["a name with a backslash", { "a\\..\\x": { path: "lib", url: "../x" } }, "lib"],
  ["a path with a backslash", { x: { path: "a\\..\\lib", url: "../x" } }, "a\\..\\lib"],
  ["a name like an option", { "-x": { path: "lib", url: "../x" } }, "lib"],
  ["a path with CR at its end", { x: { path: "lib\r", url: "../x" } }, "lib\r"],
  ["a path like an option", { x: { path: "-lib", url: "../x" } }, "-lib"],
  ["a path above", { x: { path: "../lib", url: "../x" } }, "../lib"],
  ["a path inside .git", { x: { path: ".GIT/hooks", url: "../x" } }, ".GIT/hooks"],
  ["a url like an option", { x: { path: "lib", url: "-u./payload" } }, "lib"],
  ["a url of two lines", { x: { path: "lib", url: "https://a/b\n[core]" } }, "lib"],
])("%s is refused", (_, sections, path) => {
  expect(() => read(sections, [path])).toThrow(expect.objectContaining({ code: "GIT_CONTENT_REFUSED" }));
});

describe("a submodule's url", () => {
  const resolve = (base: string, url: string) => {
    const module = { name: "lib", path: "lib", url, commit: COMMIT };
    return submoduleUrl(module, { base: parseGitUrl(base), schemes: ["https", "http", "ssh"] }).remote;
  };

  // As `git submodule--helper resolve-relative-url` has them.
  test.each([
    ["https://h/org/test", "../lib", "https://h/org/lib"],
    ["https://h/org/test.git", "../lib.git", "https://h/org/lib.git"],
    ["https://h/org/test", "../../team/lib", "https://h/team/lib"],
    ["https://h/org/test", "./lib", "https://h/org/test/lib"],
    ["https://h:8443/a/b/c", ".././../x", "https://h:8443/a/x"],
    ["git@h:org/test.git", "../lib.git", "git@h:org/lib.git"],
    ["git@h:org/test.git", "../../team/lib", "git@h:team/lib"],
    ["git@h:test", "../lib", "git@h:lib"],
    ["ssh://git@h:2222/org/test", "../lib/", "ssh://git@h:2222/org/lib"],
    ["https://h/org/test", "https://other/x", "https://other/x"],
    ["https://h/org/test", "git@other:x/y.git", "git@other:x/y.git"],
  ])("%s with %s is %s", (base, url, expected) => expect(resolve(base, url)).toBe(expected));

  test.each([
    ["../../../other.example/x", "GIT_CONTENT_REFUSED"],
    ["../../../../x", "GIT_CONTENT_REFUSED"],
    ["../a/../../../x", "GIT_URL_INVALID"],
    ["ext::sh -c evil", "GIT_URL_INVALID"],
    ["file:///etc", "POLICY_REFUSED"],
    ["/etc/passwd", "POLICY_REFUSED"],
    ["https://user:pass@h/x", "GIT_URL_INVALID"],
  ])("%s is refused", (url, code) => {
    expect(() => resolve("https://h/org/test", url)).toThrow(expect.objectContaining({ code }));
  });
});

test("a .gitmodules that git cannot read is said to be one", () => {
  expect(() => readGitmodules({ config: undefined, links: new Map([["lib", COMMIT]]) })).toThrow(
    expect.objectContaining({ code: "GIT_SUBMODULE_INVALID", message: expect.stringContaining("cannot read") }),
  );
});
