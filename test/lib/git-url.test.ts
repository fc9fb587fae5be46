import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BowlineError, parseGitUrl, shownUrl } from "../../src/lib/index.ts";

const ALL = { schemes: ["https", "http", "ssh", "file"] };

describe("the normal form", () => {
  it.each([
    ["https://gitlab.com/org/test", "https://gitlab.com/org/test"],
    [" https://gitlab.com/org/test\n", "https://gitlab.com/org/test"],
    ["HTTPS://GitLab.COM:443//org//test/", "https://gitlab.com/org/test"],
    ["http://h:80/x", "http://h/x"],
    ["http://h:8080/x", "http://h:8080/x"],
    ["https://new.com", "https://new.com/"],
    ["https://h/%7euser/a%2fb%20c", "https://h/~user/a%2Fb%20c"],
    ["https://h/größe", "https://h/gr%C3%B6%C3%9Fe"],
    ["https://bücher.example/x", "https://xn--bcher-kva.example/x"],
    ["https://[::1]:8443/x", "https://[::1]:8443/x"],
    ["https://h/x.git", "https://h/x.git"],
    ["ssh://git@h:22/x", "ssh://git@h/x"],
    ["ssh://git@h:2222/x/", "ssh://git@h:2222/x"],
    ["git@h:/x", "ssh://git@h/x"],
    ["git@h:x/y", "ssh://git@h/~/x/y"],
    ["ssh://git@h/~/x/y", "ssh://git@h/~/x/y"],
    ["git@h:~ada/x", "ssh://git@h/~ada/x"],
    ["git@GitHub.com:org/x.git", "ssh://git@github.com/org/x.git"],
    ["ssh://git@github.com/org/x.git", "ssh://git@github.com/org/x.git"],
    ["host:x", "ssh://host/~/x"],
    ["git@[::1]:/x", "ssh://git@[::1]/x"],
    ["git@h:a%41", "ssh://git@h/~/a%2541"],
    ["ssh://git@h/a%41", "ssh://git@h/aA"],
    ["file:///srv/git/a%20b", "file:///srv/git/a%20b"],
    ["/srv/git/a b", "file:///srv/git/a%20b"],
  ])("of %j is %s", (text, href) => {
    expect(parseGitUrl(text, ALL).href).toBe(href);
  });
});

describe("a url that is refused", () => {
  it.each([
    "",
    "-u/tmp/x",
    "--upload-pack=/tmp/x",
    "ext::sh -c id",
    "foo::bar",
    "fd::17",
    "git://h/x",
    "ftp://h/x",
    "../x",
    "\\\\host\\share",
    "x/y",
    "name",
    "https://",
    "https:///x",
    "https://user:secret@h/x",
    "https://user@h/x",
    "https://a@b@c/x",
    "https://h:0/x",
    "https://h:/x",
    "https://h:65536/x",
    "https://h:x/y",
    "https://h./x",
    "https://a..b/x",
    "https://-h/x",
    "https://h%00/x",
    "https://h/a%0ab",
    "https://h/a%0Db",
    "https://h/a%7f",
    "https://h/a%",
    "https://h/a%zz",
    "https://h/a%ff",
    "https://h/../x",
    "https://h/a/%2e%2E/x",
    "https://h/a/..%2fx",
    "https://h/./x",
    "https://h\\x/y",
    "https://h/a%5cb",
    "https://h/x?y",
    "https://h/x#y",
    "https://h/\u202ex",
    "\ufeffhttps://h/x",
    "https://h/\ud800",
    "ssh://-lroot@h/x",
    "ssh://-oProxyCommand=x/y",
    "ssh://git:secret@h/x",
    "ssh://a@b@h/x",
    "ssh://@h/x",
    "ssh://git@h",
    "ssh://git@h:0/x",
    "-oProxyCommand=x:y",
    "git@-h:x",
    "git@h:",
    "git@h:-x",
    "git@h::x",
    "git@h:a~b",
    "user:https://h/x",
    "git@h:../x",
    "@h:x",
    "a@b@h:x",
    "[git@h:22]:x",
    "file://host/x",
    "file:///a/../b",
    "file://x",
    "/a/../b",
    `https://h/${"x".repeat(5000)}`,
  ])("%j", (text) => {
    expect(() => parseGitUrl(text, ALL)).toThrow(expect.objectContaining({ code: "GIT_URL_INVALID" }));
  });

  it.each(["file:///x", "/srv/x"])("%s, by policy, unless file is allowed", (text) => {
    expect(() => parseGitUrl(text)).toThrow(expect.objectContaining({ code: "POLICY_REFUSED" }));
  });

  it.each(["https://user:hunter2@h/x", "https://hunter2@h/x", "ssh://git:hunter2@h/x", "https://a@hunter2@h/x"])(
    "%s, without its secret in the message",
    (text) => {
      expect(() => parseGitUrl(text)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining("hunter2") }),
      );
      expect(shownUrl(text)).not.toContain("hunter2");
    },
  );
});

describe("properties", () => {
  const pieces = fc.constantFrom(
    ..."https:// http:// ssh:// file:/// HTTPS:// git@ user: @ : / // . .. %2e %2F %41 %0a %00 % ~ - h host.example [::1] :22 :443 x repo.git ü \u00e9 \u202e ? # \\ ::".split(
      " ",
    ),
    " ",
    "\n",
  );
  const anyText = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join("")),
  );

  it("no text makes it fail in another way than with its own errors", () => {
    fc.assert(
      fc.property(anyText, (text) => void tryParse(text)),
      { numRuns: 5000 },
    );
  });

  it("the normal form of a normal form is itself", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const url = tryParse(text);
        if (url)
          expect({ ...parseGitUrl(url.href, ALL), text: "", remote: "" }).toEqual({ ...url, text: "", remote: "" });
      }),
      { numRuns: 5000 },
    );
  });

  it("an http url goes where a WHATWG parser goes, with no user info", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const url = tryParse(text);
        if (url?.scheme !== "https" && url?.scheme !== "http") return;
        const parsed = new URL(url.remote);
        expect(parsed.href).toBe(url.href);
        expect([parsed.hostname, parsed.username, parsed.password, parsed.search, parsed.hash]).toEqual([
          url.host,
          "",
          "",
          "",
          "",
        ]);
        expect(new URL(url.text).host).toBe(parsed.host);
      }),
      { numRuns: 5000 },
    );
  });

  it("git reads what it is given as the same host, port and path", () => {
    const seen: string[] = [];
    const sample = fc
      .sample(anyText, 30_000)
      .concat(["git@h:x", "ssh://git@h:2222/~/x", "git@[::1]:/x", "file:///a%20b", "ssh://h/a%41"]);
    for (const text of new Set(sample)) {
      const url = tryParse(text);
      if (url?.scheme !== "ssh" && url?.scheme !== "file") continue;
      if (seen.push(text) > 60) break;
      const git = gitsOwnParse(url.remote);
      expect(git.protocol).toBe(url.scheme);
      if (url.scheme === "ssh") {
        const user = url.user === undefined ? "" : `${url.user}@`;
        expect(git.userandhost?.replaceAll(/[[\]]/g, "").toLowerCase()).toBe(
          (user + url.host).replaceAll(/[[\]]/g, "").toLowerCase(),
        );
        if (url.port !== undefined) expect(git.port).toBe(String(url.port));
      }
      const path = /^[^/~]/.test(git.path!) ? `/~/${git.path}` : git.path!.replace(/^~/, "/~");
      expect(path.replaceAll(/\/+/g, "/").replace(/(.)\/$/, "$1")).toBe(decodeURIComponent(url.path));
    }
    expect(seen.length).toBeGreaterThan(20);
  });
});

function tryParse(text: string) {
  try {
    return parseGitUrl(text, ALL);
  } catch (error) {
    expect(error).toBeInstanceOf(BowlineError);
    expect((error as BowlineError).code).toBe("GIT_URL_INVALID");
    return undefined;
  }
}

function gitsOwnParse(url: string): Record<string, string> {
  const output = execFileSync("git", ["fetch-pack", "--diag-url", url], { encoding: "utf8" });
  return Object.fromEntries([...output.matchAll(/^Diag: ([a-z]+)=(.*)$/gm)].map((match) => [match[1]!, match[2]!]));
}
