import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { resolve } from "../../src/git/index.ts";
import { networkError, statusError } from "../../src/git/http/failures.ts";
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

test("what a server says when it refuses TLS is told in its words", async () => {
  const alert = Buffer.from([21, 3, 3, 0, 2, 2, 40]);
  const server = createServer((socket) => void socket.on("error", () => {}).once("data", () => socket.end(alert)));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const asked = requestFor(`https://127.0.0.1:${(server.address() as AddressInfo).port}/a/b`);
  const message = expect.stringMatching(/alert handshake failure$/);
  await expect(resolve(asked)).rejects.toMatchObject({ code: "TLS_FAILED", message });
  server.close();
});
