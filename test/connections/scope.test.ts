import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inScope, scopeOf, scopeOfMatch, urlInScopeOf } from "../../src/connections/index.ts";
import { parseGitUrl } from "../../src/lib/index.ts";

const scopeOfText = (text: string) => scopeOf(parseGitUrl(text));
const covers = (scope: string, text: string) => inScope(scope, parseGitUrl(text));

test.each([
  ["https://github.com/org/repo", "https://github.com/org/"],
  ["https://gitlab.com/group/sub/group/repo.git", "https://gitlab.com/group/"],
  ["HTTPS://GitHub.com:443/org/repo/", "https://github.com/org/"],
  ["http://127.0.0.1:8080/org/repo.git", "http://127.0.0.1:8080/org/"],
  ["https://[::1]:8443/org/repo", "https://[::1]:8443/org/"],
  ["https://git.example/repo.git", "https://git.example/repo.git"],
  ["git@github.com:org/repo.git", "ssh://github.com/org/"],
  ["git@git.example:org/repo.git", "ssh://git.example/org/"],
  ["ssh://deploy@git.example:2222/org/repo", "ssh://git.example:2222/org/"],
  ["git@ssh.dev.azure.com:v3/org/project/repo", "ssh://ssh.dev.azure.com/v3/org/"],
  ["https://dev.azure.com/org/project/_git/repo", "https://dev.azure.com/org/"],
])("the scope of a connection with %s is %s", (url, scope) => {
  expect(scopeOfText(url)).toBe(scope);
  expect(covers(scope, url)).toBe(true);
});

test.each([
  ["https://git.corp/", "https://git.corp/"],
  ["https://git.corp", "https://git.corp/"],
  ["https://git.corp:8443/team/", "https://git.corp:8443/team/"],
  ["https://git.corp/team", "https://git.corp/team"],
  ["ssh://git.corp", "ssh://git.corp/"],
  ["git@git.corp:team/", "ssh://git.corp/team/"],
  ["ssh://git@git.corp:2222/team/repo.git", "ssh://git.corp:2222/team/repo.git"],
])("the prefix %s is the scope %s", (match, scope) => {
  expect(scopeOfMatch(match)).toBe(scope);
});

describe("what a scope covers", () => {
  test.each([
    ["https://h.example/org/", "https://h.example/org/other"],
    ["https://h.example/org/", "https://h.example/org/repo.git/info/lfs"],
    ["https://h.example/org", "https://h.example/org/repo"],
    ["https://h.example/org/repo", "https://h.example/org/repo.git"],
    ["https://h.example/org/repo.git", "https://h.example/org/repo"],
    ["https://h.example/org/repo.git", "https://h.example/org/repo/info/lfs"],
    ["https://h.example/", "https://h.example/a/b"],
    ["ssh://h.example/org/", "other@h.example:org/repo"],
    ["ssh://h.example/org/", "ssh://h.example/org/repo"],
    ["https://h.example/%C3%A9quipe/", "https://h.example/équipe/repo"],
  ])("%s covers %s", (scope, url) => expect(covers(scope, url)).toBe(true));

  test.each([
    ["https://h.example/org/", "http://h.example/org/repo"],
    ["https://h.example/org/", "ssh://git@h.example/org/repo"],
    ["https://h.example/org/", "https://h.example:8443/org/repo"],
    ["https://h.example:8443/org/", "https://h.example/org/repo"],
    ["https://h.example/org/", "https://h.example.evil.example/org/repo"],
    ["https://h.example/org/", "https://evil.example/h.example/org/repo"],
    ["https://h.example/org/", "https://h.example/org2/repo"],
    ["https://h.example/org", "https://h.example/org2/repo"],
    ["https://h.example/org/", "https://h.example/Org/repo"],
    ["https://h.example/org/", "https://h.example/other/org/repo"],
    ["https://h.example/org/", "https://h.example/org.git/repo"],
    ["https://h.example/org/repo.git", "https://h.example/org/repo.git2"],
    ["https://h.example/org/repo", "https://h.example/org/repo-private"],
    ["https://h.example/org%2Frepo/", "https://h.example/org/repo/x"],
    ["https://h.example/", "https://h.example.evil.example/"],
  ])("%s does not cover %s", (scope, url) => expect(covers(scope, url)).toBe(false));
});

describe("the same repository in the scope's own kind of url", () => {
  test.each([
    ["git@h.example:org/lib.git", "https://h.example/org/", "https://h.example/org/lib.git"],
    ["ssh://git@h.example:2222/org/lib", "https://h.example:8443/org/", "https://h.example:8443/org/lib"],
    ["https://h.example/org/lib", "ssh://h.example:2222/org/", "ssh://git@h.example:2222/org/lib"],
    ["https://h.example/org/lib", "https://h.example/org/", "https://h.example/org/lib"],
    ["git@h.example:org/lib", "http://h.example:3000/", "http://h.example:3000/org/lib"],
    ["ssh://git@[::1]:2222/org/lib", "https://[::1]:8443/org/", "https://[::1]:8443/org/lib"],
  ])("%s in %s is %s", (url, scope, expected) => {
    expect(urlInScopeOf(parseGitUrl(url), scope)?.href).toBe(expected);
  });

  test.each([
    ["git@other.example:org/lib", "https://h.example/org/"],
    ["git@h.example:other/lib", "https://h.example/org/"],
    ["http://h.example/org/lib", "https://h.example/org/"],
    ["https://h.example:8443/org/lib", "https://h.example/org/"],
    ["git@h.example:organisation/lib", "https://h.example/org/"],
  ])("%s has none in %s", (url, scope) => expect(urlInScopeOf(parseGitUrl(url), scope)).toBeUndefined());
});

const part = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,5}(\.git)?$/);
const urls = fc
  .record({
    scheme: fc.constantFrom("https", "http", "ssh"),
    host: fc.constantFrom("a.example", "b.example", "a.example.b.example", "127.0.0.1", "[::1]"),
    port: fc.constantFrom("", ":81", ":8443"),
    path: fc.array(part, { minLength: 1, maxLength: 4 }),
  })
  .map(({ scheme, host, port, path }) => `${scheme}://${host}${port}/${path.join("/")}`);

test("no scope of a connection covers another scheme, host, port or owner", () => {
  const property = fc.property(urls, urls, (one, other) => {
    const [a, b] = [new URL(one.replace("ssh:", "ftp:")), new URL(other.replace("ssh:", "ftp:"))];
    const owner = (url: URL) => url.pathname.split("/")[1]!;
    const bare = (name: string) => name.replace(/\.git$/, "");
    const place = a.protocol === b.protocol && a.host === b.host;
    const covered = covers(scopeOfText(one), other);
    if (covered) expect([place, bare(owner(a))]).toEqual([true, bare(owner(b))]);
    if (place && owner(a) === owner(b) && a.pathname.split("/").length > 2) {
      expect(covered).toBe(b.pathname.split("/").length > 2);
    }
  });
  fc.assert(property, { numRuns: 2000 });
});

test("what a url is translated to is inside the scope, at the same host and path", () => {
  const property = fc.property(urls, urls, (one, other) => {
    const scope = scopeOfText(one);
    const url = parseGitUrl(other);
    const translated = urlInScopeOf(url, scope);
    if (translated === undefined) return;
    expect(inScope(scope, translated)).toBe(true);
    expect([translated.host, translated.path]).toEqual([url.host, url.path]);
  });
  fc.assert(property, { numRuns: 2000 });
});
