import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { resolve } from "../../src/git/index.ts";
import { networkError, statusError } from "../../src/git/http/failures.ts";
import { gitFailure } from "../../src/git/process/git-failure.ts";
import { parseGitUrl } from "../../src/lib/index.ts";
import { requestFor } from "./request.ts";

const url = parseGitUrl("https://git.example/a/b");
const failure = (code: string): Error => Object.assign(new Error(code), { code });

test.each([
  ["ENOTFOUND", "HOST_NOT_FOUND", "cannot be resolved"],
  ["EAI_AGAIN", "HOST_NOT_FOUND", "cannot be resolved"],
  ["EAI_FAIL", "HOST_NOT_FOUND", "cannot be resolved"],
  ["ENETUNREACH", "HOST_REFUSED", "there is no way to"],
  ["EADDRNOTAVAIL", "HOST_REFUSED", "there is no way to"],
  ["EACCES", "HOST_REFUSED", "there is no way to"],
  ["ECONNREFUSED", "HOST_REFUSED", "refuses the connection"],
  ["ETIMEDOUT", "HOST_TIMEOUT", "does not answer"],
  ["ECONNRESET", "HOST_REFUSED", "ended the connection"],
])("%s is told as what it is, and as the proxy's where there is one", (errno, code, words) => {
  const message = expect.stringContaining(words);
  expect(networkError(failure(errno), { url })).toMatchObject({ code, message });
  const proxy = "http://proxy.example:3128";
  const theProxy = expect.stringContaining(`the proxy "${proxy}"`);
  const onTheWay = errno === "ECONNRESET" ? code : "PROXY_FAILED";
  expect(networkError(failure(errno), { url, proxy })).toMatchObject({ code: onTheWay, message: theProxy });
});

test("a connection that ends names what may be wrong with it: http at a port of https, or a proxy that is none", () => {
  const cause = failure("ECONNRESET");
  const hintOf = (asked: Parameters<typeof networkError>[1]): string => networkError(cause, asked).hint;
  expect(hintOf({ url: parseGitUrl("http://git.example/a/b") })).toContain("https://");
  expect(hintOf({ url, proxy: "http://proxy.example:3128" })).toContain("http://proxy.example:3128");
});

test("a credential that is refused says which secret to store again, where it is one", () => {
  const hintOf = (secret?: string): string | undefined =>
    statusError(401, { url, source: "the environment", secret })?.hint;
  expect(hintOf("corp")).toContain("bowline secrets set corp POLYAXON_GIT_CREDENTIALS");
  expect(hintOf()).not.toContain("secrets set");
});

test.each([
  ["https://github.com/org/test/tree/main", "https://github.com/org/test"],
  ["https://gitlab.com/org/sub/test/-/blob/main/a.py", "https://gitlab.com/org/sub/test"],
  ["https://gitea.example/org/test/src/branch/main", "https://gitea.example/org/test"],
])("the address of a page leads to the repository: %s", (page, repository) => {
  const hintOf = (text: string): string | undefined => statusError(404, { url: parseGitUrl(text) })?.hint;
  expect(hintOf(page)).toContain(`the repository is "${repository}"`);
  expect(hintOf(repository)).not.toContain("page");
});

test.each([
  [40, "it asks for a client certificate, or has no cipher in common"],
  [70, "it speaks TLS older than 1.2 only"],
  [112, 'it does not know the name "127.0.0.1'],
  [116, "it asks for a client certificate"],
  [80, "alert internal error"],
])("the alert with which a server refuses TLS is told by what it means: %i", async (alert, words) => {
  const bytes = Buffer.from([21, 3, 3, 0, 2, 2, alert]);
  const server = createServer((socket) => void socket.on("error", () => {}).once("data", () => socket.end(bytes)));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const asked = requestFor(`https://127.0.0.1:${(server.address() as AddressInfo).port}/a/b`);
  await expect(resolve(asked)).rejects.toMatchObject({ code: "TLS_FAILED", message: expect.stringContaining(words) });
  server.close();
});

test.each([
  ['Digest realm="git", nonce="x", algorithm=MD5', "Digest"],
  ["Negotiate, NTLM", "Negotiate or NTLM"],
  ['Negotiate, Basic realm="Digest"', undefined],
  ['Bearer realm="git"', undefined],
  [undefined, undefined],
])("a server that lets in by what is not spoken is told so: %s", (offered, scheme) => {
  const headers = offered === undefined ? {} : { "www-authenticate": offered };
  for (const source of [undefined, "the environment"]) {
    const { code, message } = statusError(401, { url, source }, headers) ?? {};
    expect(code).toBe(source === undefined ? "GIT_CREDENTIAL_MISSING" : "GIT_CREDENTIAL_REFUSED");
    if (scheme === undefined) expect(message).not.toContain("lets in by");
    else expect(message).toContain(`lets in by ${scheme} only`);
  }
});

test("what a request of plain http was answered may be a proxy's words; what a tunnel carries is not", () => {
  const proxy = "http://proxy.example:3128";
  const plain = parseGitUrl("http://git.example/a/b");
  for (const status of [401, 403, 502]) {
    expect(statusError(status, { url: plain, proxy })?.message).toContain(`of the proxy "${proxy}"`);
    expect(statusError(status, { url, proxy })?.message).not.toContain(proxy);
  }
  expect(statusError(404, { url: plain, proxy })?.message).not.toContain(proxy);
});

test("a proxy that nobody has set, and that asks for a password, is told as such", () => {
  const { code, message } = statusError(407, { url }) ?? {};
  expect({ code, message }).toMatchObject({
    code: "PROXY_FAILED",
    message: expect.stringContaining("none is set here"),
  });
});

test("a request that is not taken for its size or its form says what it may be", () => {
  const hintOf = (status: number, text: string): string | undefined =>
    statusError(status, { url: parseGitUrl(text) })?.hint;
  expect(hintOf(413, "https://git.example/a/b")).toContain("client_max_body_size");
  expect(hintOf(400, "https://git.example/a/b")).toContain("client certificate");
  expect(hintOf(400, "http://git.example/a/b")).toContain("https://");
});

test("a head that is too long for curl is not told as too much for this machine", () => {
  const stderr = "error: RPC failed; curl 27 Out of memory\nfatal: expected flush after ref listing\n";
  const exit = { code: 128, stdout: Buffer.alloc(0), stderr };
  expect(gitFailure(exit, { access: { url }, command: ["fetch"] })).toMatchObject({ code: "HOST_REFUSED" });
});

test.each(["packfile", "acknowledgments"])(
  "a server that ends before %s, as git's does for a pack that it may not read",
  (section) => {
    const exit = { code: 128, stdout: Buffer.alloc(0), stderr: `fatal: expected '${section}'\n` };
    const message = expect.stringContaining("may not be able to read the repository itself");
    expect(gitFailure(exit, { access: { url }, command: ["fetch"] })).toMatchObject({ code: "GIT_PROTOCOL", message });
    const cut = { ...exit, stderr: `error: RPC failed; curl 52 Empty reply from server\n${exit.stderr}` };
    expect(gitFailure(cut, { access: { url }, command: ["fetch"] })).toMatchObject({ code: "HOST_REFUSED" });
  },
);
