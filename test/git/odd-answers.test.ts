import { writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { materialize, resolve, type GitRequest } from "../../src/git/index.ts";
import { BowlineError } from "../../src/lib/index.ts";
import { git, startGitServer, temporaryFolder, type GitServer, type Repository } from "../support/index.ts";
import { FLUSH, isFetch, isLsRefs, packet, refsFault } from "../support/hostile-pack.ts";
import { fetchCode, IMPATIENT, refused, requestFor, WAY } from "./request.ts";

let server: GitServer;
let repository: Repository;
beforeAll(async () => {
  server = await startGitServer();
  repository = await server.add("org/test");
});
afterAll(() => server.close());
beforeEach(() => {
  server.faults.length = 0;
  server.requests.length = 0;
});

function request(more: Partial<GitRequest> = {}): GitRequest {
  return requestFor(`${server.url}/org/test.git`, { policy: IMPATIENT, revision: "main", ...more });
}

describe("an answer about references", () => {
  it("that tells more than was asked for: one that replaces a commit, other branches, are not heard", async () => {
    const { main, branchA } = repository.commits;
    const lines = [`${main} refs/heads/main`, `${branchA} refs/tags/own`, `${branchA} refs/replace/${main}`];
    const more = [`${branchA} refs/remotes/origin/HEAD`, `${branchA} refs/notes/x`, `${branchA} refs/tags/x\n^${main}`];
    server.faults.push(refsFault(...lines, ...more));
    for (const history of [1, "full"] as const) {
      const asked = request();
      Object.assign(asked.options, { history, tags: true });
      const target = join(await temporaryFolder(), "repo");
      await materialize({ ...asked, resolution: { commit: main!, ref: "refs/heads/main" }, target });
      const refs = (await git(target, ["for-each-ref", "--format=%(refname)"])).split("\n");
      expect(refs.filter((name) => !/^refs\/(heads|tags|remotes\/origin)\/[\w.]+$/.test(name))).toEqual([]);
      expect(refs).not.toContain("refs/remotes/origin/HEAD");
    }
  });

  it.each(["gzip", "GZIP", "x-gzip"])("in the encoding %s is understood", async (encoding) => {
    const body = gzipSync(Buffer.concat([packet(`${repository.commits["branchA"]} refs/heads/main\n`), FLUSH]));
    server.faults.push({ match: isLsRefs, status: 200, headers: { "content-encoding": encoding }, body });
    expect(await resolve(request())).toMatchObject({ commit: repository.commits["branchA"] });
  });

  it.each(["9".repeat(400), "Fri, 31 Dec 9999 23:59:59 GMT"])("that asks to wait for ever: %.12s …", async (wait) => {
    server.faults.push({ match: isLsRefs, status: 503, headers: { "retry-after": wait } });
    const { code, hint } = await refused(request());
    expect({ code, hint }).toMatchObject({ code: "HOST_BUSY", hint: expect.stringContaining("longer than a day") });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    "refs/heads/a\u001b[31m",
    "refs/heads/a\u202eb",
    `refs/heads/${"n".repeat(300)}`,
    "refs/heads/x.lock",
    "refs/heads/.hidden",
    "refs/heads/main\\x",
    "HEAD",
  ])("in which HEAD is %j is refused", async (target) => {
    server.faults.push(refsFault(`${repository.commits["main"]} HEAD symref-target:${target}`));
    const { revision: _, ...head } = request();
    expect(await refused(head)).toMatchObject({ code: "GIT_REVISION_INVALID" });
  });

  it("in several lines is told in one, which looks like no words of ours", async () => {
    const body = Buffer.concat([packet("ERR no\r\nhint: run this\n"), FLUSH]);
    server.faults.push({ match: isLsRefs, status: 200, body });
    expect((await refused(request())).message).toMatch(/says: no hint: run this$/);
  });

  it.each([
    ["/users/sign_in", "it is a page"],
    ["/org/test.git/git-upload-pack", "one redirect is followed, not two"],
    ["http://127.0.0.2:9/org/test.git/git-upload-pack", "it is another place"],
  ])("that leads to %s is told as that", async (location, why) => {
    server.faults.push({ match: isLsRefs, status: 302, headers: { location } });
    const { code, message } = await refused(request());
    expect({ code, message }).toEqual({ code: "REDIRECT_REFUSED", message: expect.stringContaining(why) });
  });

  it.each([
    "file:///etc/passwd",
    "ext::sh -c x",
    "//127.0.0.2/org/test.git/git-upload-pack",
    "javascript:alert(1)",
    "http://ada:pw@127.0.0.1/org/test.git/git-upload-pack",
  ])("that leads to %j is not followed", async (location) => {
    server.faults.push({ match: isLsRefs, status: 302, headers: { location } });
    const { code, message } = await refused(request());
    expect(code).toBe("REDIRECT_REFUSED");
    expect(message).not.toContain("ada:pw");
    expect(server.requests).toHaveLength(1);
  });
});

describe("words that are not quite HTTP", () => {
  const body = `003d${"b0".repeat(20)} refs/heads/main\n0000`;
  const head = (...lines: string[]): string => `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;
  const chunked = head("transfer-encoding: chunked");
  const again = (socket: Socket, words: string): void => {
    const timer = setInterval(() => socket.write(words), 1);
    socket.on("close", () => clearInterval(timer));
  };
  it.each([
    ["no head at all", (socket) => socket.end(body)],
    ["a length below nothing", (socket) => socket.end(head("content-length: -5") + body)],
    ["two lengths", (socket) => socket.end(head("content-length: 65", "content-length: 10") + body)],
    ["a length and chunks", (socket) => socket.end(head("content-length: 5", "transfer-encoding: chunked") + body)],
    ["a length that is too short", (socket) => socket.end(head("content-length: 10") + body)],
    ["a chunk beyond all sizes", (socket) => socket.end(`${chunked}ffffffffffffffffff\r\n${body}`)],
    ["a head of a chunk without end", (socket) => again(socket.pause(), `${chunked}41;${"x".repeat(60_000)}`)],
    [
      "trailers without end",
      (socket) => {
        socket.write(`${chunked}41\r\n${body}\r\n0\r\n`);
        again(socket, `x: ${"y".repeat(1000)}\r\n`);
      },
    ],
    ["100 Continue without end", (socket) => again(socket, "HTTP/1.1 100 Continue\r\n\r\n".repeat(100))],
    [
      "early hints without end",
      (socket) => again(socket, "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(100)),
    ],
    ["a head that breaks off", (socket) => socket.write("HTTP/1.1 200 OK\r\ncont", () => socket.resetAndDestroy())],
  ] as [string, (socket: Socket) => unknown][])("%s: an error of ours, in time", async (_, speak) => {
    const noise = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => speak(socket));
    });
    await new Promise<void>((done) => noise.listen(0, "127.0.0.1", done));
    const { port } = noise.address() as AddressInfo;
    const { code } = await refused({ ...request(), url: `http://127.0.0.1:${port}/org/test` });
    expect(code).toMatch(/^(GIT_PROTOCOL|HOST_TIMEOUT|HOST_REFUSED)$/);
    noise.close();
  });
});

describe("an answer to a fetch", () => {
  it("that is a web page is told as that, and not asked for again", async () => {
    const headers = { "content-type": "text/html; charset=utf-8" };
    server.faults.push({ match: isFetch, status: 200, headers, body: "<!doctype html><title>Sign in</title>" });
    const { code, message } = await refused(request());
    // git takes it for a connection that broke
    if (WAY === "git") return expect(code).toMatch(/^(HOST_REFUSED|HOST_TIMEOUT)$/);
    expect({ code, message }).toMatchObject({ code: "GIT_PROTOCOL", message: expect.stringContaining("a web page") });
    expect(server.requests.filter(isFetch)).toHaveLength(1);
  });

  it.each(["0004", "0001", "0002"])("of packets %s without end is ended", async (words) => {
    server.faults.push({ match: isFetch, status: 200, body: "", endless: Buffer.from(words.repeat(1000)) });
    expect((await refused(request())).code).toMatch(/^(HOST_TIMEOUT|GIT_PROTOCOL|HOST_REFUSED)$/);
  });

  it("that names packs elsewhere does not make us go there", async () => {
    const thief = await startGitServer({ host: "127.0.0.2" });
    const section = [packet("packfile-uris\n"), packet(`${"b0".repeat(20)} ${thief.url}/org/test.git\n`)];
    server.faults.push({
      match: isFetch,
      rewrite: (body) => Buffer.concat([...section, Buffer.from("0001"), body]),
    });
    await fetchCode(request()).catch((error: unknown) => expect(error).toBeInstanceOf(BowlineError));
    expect(thief.requests).toEqual([]);
    await thief.close();
  });
});

it("a folder of files that says its objects are on another host: that host is not asked", async () => {
  const [dumb, thief] = [await startGitServer({ forge: "dumb" }), await startGitServer({ host: "127.0.0.2" })];
  const { path, commits } = await dumb.add("org/test");
  await git(path, ["repack", "-adq"]);
  await git(path, ["update-server-info"]);
  await writeFile(join(path, "objects/info/packs"), "\n");
  await writeFile(join(path, "objects/info/http-alternates"), `${thief.url}/org/test.git/objects\n`);
  await writeFile(join(path, "objects/info/alternates"), "/etc\n");
  const asked = requestFor(`${dumb.url}/org/test.git`, { policy: IMPATIENT, revision: "main" });
  const target = join(await temporaryFolder(), "repo");
  const failing = materialize({ ...asked, resolution: { commit: commits["main"]!, ref: "refs/heads/main" }, target });
  await expect(failing).rejects.toBeInstanceOf(BowlineError);
  expect(dumb.requests.some(({ path: asked }) => asked.endsWith("http-alternates"))).toBe(true);
  expect(thief.requests).toEqual([]);
  await Promise.all([dumb.close(), thief.close()]);
});
