import { createServer, type AddressInfo } from "node:net";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { materialize, resolve, type GitEvent, type GitRequest } from "../../src/git/index.ts";
import { git, startGitServer, temporaryFolder, type Fault, type GitServer, type Repository } from "../support/index.ts";
import { FLUSH, isFetch, isLsRefs, packet } from "../support/hostile-pack.ts";
import { IMPATIENT, refused, requestFor, WAY } from "./request.ts";

let server: GitServer;
let repository: Repository;

beforeAll(async () => {
  server = await startGitServer();
  repository = await server.add("org/test", {
    commits: [
      { name: "first", files: { a: "1\n" } },
      { files: { b: "2\n" } },
      { branch: "other", files: { c: "3\n" } },
    ],
    annotatedTags: { v1: "main" },
  });
});
afterAll(() => server.close());
beforeEach(() => {
  server.faults.length = 0;
  server.requests.length = 0;
});

function request(more: Partial<GitRequest> = {}): GitRequest {
  return requestFor(`${server.url}/org/test.git`, { policy: IMPATIENT, revision: "main", ...more });
}

function answer(...packets: Buffer[]): Fault {
  const headers = { "content-type": "application/x-git-upload-pack-result" };
  return { status: 200, headers, body: Buffer.concat(packets) };
}

const NOBODY = "b0".repeat(20);
const ANY_REF = packet(`${NOBODY} refs/heads/${"x".repeat(200)}\n`);

describe("a server that lies about its references", () => {
  it.each([
    ["an id that is none", `${"g".repeat(40)} refs/heads/main\n`, "GIT_PROTOCOL"],
    ["an id that is too short", `${"a".repeat(39)} refs/heads/main\n`, "GIT_PROTOCOL"],
    ["an id between the two lengths", `${"a".repeat(50)} refs/heads/main\n`, "GIT_REVISION_INVALID"],
    ["another branch than was asked for", "OTHER refs/heads/other\n", "GIT_REVISION_NOT_FOUND"],
    ["a branch whose name only begins so", "OTHER refs/heads/main2\n", "GIT_REVISION_NOT_FOUND"],
    ["a commit that it does not have", `${NOBODY} refs/heads/main\n`, "GIT_REVISION_NOT_FOUND"],
    ["a tag that points to no id", "OTHER refs/heads/main peeled:zzz\n", "GIT_PROTOCOL"],
    ["no reference at all", "", "GIT_REVISION_NOT_FOUND"],
    ["an error in words", "ERR go away\n", "GIT_PROTOCOL"],
  ])("%s", async (_, line, code) => {
    // a commit that could be had
    const there = line.replace("OTHER", repository.commits["other"]!);
    server.faults.push({ match: isLsRefs, ...answer(...(line === "" ? [] : [packet(there)]), FLUSH) });
    expect(await refused(request())).toMatchObject({ code });
  });

  it("a branch that points to something else than a commit", async () => {
    const objects = (await git(repository.path, ["rev-parse", "main:a", "main^{tree}", "v1"])).split("\n");
    for (const object of objects) {
      server.faults.splice(0, Infinity, {
        match: isLsRefs,
        ...answer(packet(`${object} refs/heads/main\n`), FLUSH),
      });
      const warned: GitEvent[] = []; // the cache is not taken for damaged
      const onEvent = (event: GitEvent): void => void (event.phase === "warning" && warned.push(event));
      for (const more of [{}, { cache: await temporaryFolder(), onEvent }])
        expect(await refused(request(more))).toMatchObject({ code: "GIT_REVISION_NOT_FOUND" });
      expect(warned).toEqual([]);
    }
  });

  it("a tag that says itself what it points to", async () => {
    const tag = await git(repository.path, ["rev-parse", "v1"]);
    const lie = `${tag} refs/tags/v1 peeled:${repository.commits["other"]}\n`;
    server.faults.push({ match: isLsRefs, ...answer(packet(lie), FLUSH) });
    const asked = request({ revision: "v1" });
    // git lists the tags anew, and takes the tag for one that has moved meanwhile
    if (WAY === "v2") expect(await refused(asked)).toMatchObject({ code: "GIT_PROTOCOL" });
    const target = join(await temporaryFolder(), "repo");
    asked.options = { ...asked.options, tags: true };
    await materialize({ ...asked, resolution: { commit: repository.commits["main"]! }, target });
    expect(await git(target, ["show-ref", "-d", "v1"])).toContain(`${repository.commits["main"]} refs/tags/v1^{}`);
  });

  it.each([
    ["references without end", { endless: Buffer.concat(Array.from({ length: 1000 }, () => ANY_REF)) }, "GIT_PROTOCOL"],
    ["one packet without end", { endless: Buffer.alloc(65_536, "x") }, "GIT_PROTOCOL"],
    ["a small answer that unfolds to 200 MB", unfolding(), "GIT_PROTOCOL"],
    ["a gzip that is none", { headers: { "content-encoding": "gzip" }, body: "0000 not gzip" }, "GIT_PROTOCOL"],
    ["a head of a megabyte", { headers: manyHeaders() }, "GIT_PROTOCOL"],
    ["a byte a second", { body: `003f${NOBODY} refs/heads/main\n0000`, bytesPerSecond: 1 }, "HOST_TIMEOUT"],
    ["a status that is no answer", { status: 204 }, "GIT_PROTOCOL"],
    ["half of what it says", { headers: { "content-length": "4000" }, body: "0000" }, "HOST_TIMEOUT"],
  ] as [string, Fault, string][])("%s", async (_, fault, code) => {
    server.faults.push({ match: isLsRefs, ...answer(), ...fault });
    const policy =
      code === "HOST_TIMEOUT" ? IMPATIENT : { ...IMPATIENT, timeouts: { ...IMPATIENT.timeouts, resolve: 30_000 } };
    expect(await refused(request({ policy }))).toMatchObject({ code });
  });

  it.each([
    ["words that are not HTTP", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["a change to another protocol", "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"],
  ])("%s", async (_, words) => {
    const noise = createServer((socket) => socket.end(words));
    await new Promise<void>((done) => noise.listen(0, "127.0.0.1", done));
    const { port } = noise.address() as AddressInfo;
    const { code } = await refused({ ...request(), url: `http://127.0.0.1:${port}/org/test` });
    expect(code).toBe("GIT_PROTOCOL");
    noise.close();
  });

  it("a redirect to itself is followed once", async () => {
    server.faults.push({ status: 302, headers: { location: `${server.url}/org/test.git/git-upload-pack` } });
    expect(await refused(request())).toMatchObject({ code: "REDIRECT_REFUSED" });
    expect(server.requests.length).toBeLessThanOrEqual(2);
  });
});

/** 200 MB of references in good order. */
function unfolding(): Fault {
  const refs = Buffer.alloc(Math.floor(200_000_000 / ANY_REF.length) * ANY_REF.length, ANY_REF);
  return { headers: { "content-encoding": "gzip" }, body: gzipSync(Buffer.concat([refs, FLUSH])) };
}

function manyHeaders(): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`x-${at}`, "y".repeat(1000)]));
}

describe("a server that lies in a fetch", () => {
  /** Packets of the answer to a fetch, and what to do with its side bands. */
  const bands = (change: (band: Buffer) => Buffer[]) => (body: Buffer) => {
    const packets: Buffer[] = [];
    for (let at = 0; at < body.length;) {
      const length = Number.parseInt(body.toString("latin1", at, at + 4), 16);
      const end = at + Math.max(4, length);
      const data = body.subarray(at + 4, end);
      if (length > 5 && data[0]! <= 3) packets.push(...change(data).map(packet));
      else packets.push(body.subarray(at, end));
      at = end;
    }
    return Buffer.concat(packets);
  };
  const onPack = (change: (pack: Buffer) => Buffer) =>
    bands((band) => [band[0] === 1 ? Buffer.concat([band.subarray(0, 1), change(band.subarray(1))]) : band]);
  const flipped = (pack: Buffer, at: number): Buffer => {
    const copy = Buffer.from(pack);
    copy[at % copy.length]! ^= 0xff;
    return copy;
  };

  it.each([
    ["a pack with a flipped bit in its head", onPack((pack) => flipped(pack, 5))],
    ["a pack with a flipped bit in an object", onPack((pack) => flipped(pack, 30))],
    ["a pack with a flipped bit in its sum", onPack((pack) => flipped(pack, pack.length - 1))],
    [
      "a pack that claims four billion objects",
      onPack((pack) => Buffer.concat([pack.subarray(0, 8), Buffer.alloc(4, 255), pack.subarray(12)])),
    ],
    ["a pack that ends early, in good order", onPack((pack) => pack.subarray(0, pack.length - 30))],
    ["an empty pack", onPack(() => Buffer.alloc(0))],
    ["a side band that there is not", bands((band) => [Buffer.concat([Buffer.from([9]), band.subarray(1)])])],
    ["an error on the third side band", bands(() => [Buffer.from("\u0003go away\n")])],
    ["an error in words", () => Buffer.concat([packet("ERR go away\n"), FLUSH])],
    ["garbage", () => Buffer.from("fffe garbage")],
    ["no packfile", () => FLUSH],
    ["a section that there is not", () => Buffer.concat([packet("wanted-nothing\n"), FLUSH])],
    ["nothing", () => Buffer.alloc(0)],
  ] as [string, (body: Buffer) => Buffer][])("%s", async (what, rewrite) => {
    server.faults.push({ match: isFetch, rewrite });
    const { code, message } = await refused(request());
    expect(code).toMatch(/^(GIT_PROTOCOL|GIT_CONTENT_REFUSED|HOST_REFUSED|HOST_BUSY|GIT_REVISION_NOT_FOUND)$/);
    // git would set memory aside for each
    if (WAY === "v2" && what.includes("four billion")) expect(message).toContain("sends as a pack is none");
  });

  it("a shallow line that is none is not written down", async () => {
    const shallow = [packet("shallow-info\n"), packet("shallow ../../x\n"), Buffer.from("0001")];
    server.faults.push({ match: isFetch, rewrite: (body) => Buffer.concat([...shallow, body]) });
    const target = join(await temporaryFolder(), "repo");
    const asked = request();
    const fetching = materialize({ ...asked, resolution: await resolve(asked), target });
    // git refuses such an answer, the engine passes the line over
    if (WAY === "git") return expect(fetching).rejects.toMatchObject({ code: "GIT_PROTOCOL" });
    await fetching;
    expect(await readFile(join(target, ".git/shallow"), "utf8")).toBe(`${repository.commits["main"]}\n`);
  });

  it("the pack of another commit", async () => {
    const other = await server.add("org/another", { commits: [{ files: { evil: "1\n" } }] });
    const swapped = await answerFor(`${server.url}/org/another.git`, other.commits["main"]!);
    expect(swapped.includes("PACK")).toBe(true);
    server.faults.push({ match: isFetch, rewrite: () => swapped });
    const { code } = await refused(request());
    expect(code).toMatch(/^(GIT_PROTOCOL|GIT_CONTENT_REFUSED|GIT_REVISION_NOT_FOUND)$/);
  });

  it("a commit for a reference that has moved on is given as it was asked for", async () => {
    const asked = request();
    const resolution = await resolve(asked);
    await git(repository.path, ["update-ref", "refs/heads/main", repository.commits["other"]!]);
    const target = join(await temporaryFolder(), "repo");
    try {
      expect(await materialize({ ...asked, resolution, target })).toMatchObject({ commit: repository.commits["main"] });
    } finally {
      await git(repository.path, ["update-ref", "refs/heads/main", repository.commits["main"]!]);
    }
  });

  it("a pack with an object that has no end is ended by the budget", async () => {
    const head = Buffer.from("PACK\u0000\u0000\u0000\u0002\u0000\u0000\u0000\u0001", "latin1");
    // a blob of 2^40 bytes and a bit, deflated in blocks that are stored as they are
    const blob = Buffer.from([0xb0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10, 0x78, 0x01]);
    const length = 60_000;
    const block = Buffer.from([1, 0, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255]);
    const first = packet(Buffer.concat([Buffer.from([1]), head, blob]));
    const endless = packet(Buffer.concat([block, Buffer.alloc(length, "x")]));
    server.faults.push({ match: isFetch, ...answer(packet("packfile\n"), first), endless });
    expect(await refused(request({ policy: { ...IMPATIENT, maxBytes: 5_000_000 } }))).toMatchObject({
      code: "GIT_TOO_LARGE",
    });
  });

  it.each([
    ["progress", "\u0002Counting objects: 1\n"],
    ["empty side bands", "\u0001"],
  ])("%s without end is ended by the deadline", async (_, band) => {
    server.faults.push({ match: isFetch, ...answer(packet("packfile\n")), endless: packet(band) });
    expect(await refused(request())).toMatchObject({ code: "HOST_TIMEOUT" });
  });

  it("five bytes a second", async () => {
    server.faults.push({ match: isFetch, bytesPerSecond: 5 });
    expect(await refused(request())).toMatchObject({ code: "HOST_TIMEOUT" });
    // the engine asks for a kilobyte a second, git for a byte
    if (WAY === "v2") expect(server.requests.filter(isFetch).length).toBeGreaterThan(1);
  });

  it("429 with a time to wait is obeyed", async () => {
    server.faults.push({ match: isFetch, times: 1, status: 429, headers: { "retry-after": "1" } });
    const asked = request();
    const target = join(await temporaryFolder(), "repo");
    await materialize({ ...asked, resolution: await resolve(asked), target });
    expect(server.requests.filter(isFetch).map(({ status }) => status)).toEqual([429, 200]);
  });

  it("a redirect loop", async () => {
    server.faults.push({
      match: isFetch,
      status: 302,
      headers: { location: `${server.url}/org/test.git/git-upload-pack` },
    });
    expect(await refused(request())).toMatchObject({
      code: expect.stringMatching(/^(REDIRECT_REFUSED|GIT_PROTOCOL)$/),
    });
    expect(server.requests.filter(isFetch).length).toBeLessThanOrEqual(2);
  });
});

/** What the server says to a fetch of one commit. */
async function answerFor(url: string, commit: string): Promise<Buffer> {
  const body = Buffer.concat([
    packet("command=fetch"),
    Buffer.from("0001"),
    ...["ofs-delta", "deepen 1", `want ${commit}`, "done"].map((line) => packet(`${line}\n`)),
    FLUSH,
  ]);
  const headers = { "git-protocol": "version=2", "content-type": "application/x-git-upload-pack-request" };
  const response = await fetch(`${url}/git-upload-pack`, { method: "POST", headers, body });
  return Buffer.from(await response.arrayBuffer());
}
