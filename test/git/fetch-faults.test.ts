import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { DEFAULT_POLICY, type Policy } from "../../src/config/index.ts";
import type { GitEvent, GitRequest } from "../../src/git/index.ts";
import {
  git,
  startGitServer,
  startMeddler,
  temporaryFolder,
  type Answer,
  type GitServer,
  type MeddledAnswer,
  type Meddler,
  type RepositorySpec,
} from "../support/index.ts";
import { openHostMemory, type HostMemory } from "../../src/git/server/host-memory.ts";
import { parseGitUrl } from "../../src/lib/index.ts";
import { fetchInto } from "./fetch-into.ts";
import { requestFor } from "./request.ts";

const open: (GitServer | Meddler)[] = [];
afterEach(async () => {
  for (const server of open.splice(0).toReversed()) await server.close();
});

const SHORT: Policy = {
  ...DEFAULT_POLICY,
  timeouts: { connect: 1_500, stall: 1_000, resolve: 3_000, materialize: 6_000 },
};

interface Place {
  server: GitServer;
  meddler: Meddler;
  commit: string;
  request: GitRequest;
}

type Meddle = (answer: Answer, asked: Buffer) => MeddledAnswer;

/** A repository behind a server whose answers to our own fetches are changed; git's are given as they are. */
async function behind(meddle: Meddle, spec: RepositorySpec = {}): Promise<Place> {
  const server = await startGitServer();
  const files = { a: "1\n", b: "2\n".repeat(3000) };
  const { commits } = await server.add("org/test", { commits: [{ name: "first" }, { files }], ...spec });
  const meddler = await startMeddler(server.url, (answer, asked) => (isOurs(asked) ? meddle(answer, asked) : answer));
  open.push(server, meddler);
  const request = requestFor(`${meddler.url}/org/test.git`, { policy: SHORT });
  return { server, meddler, commit: commits["main"]!, request };
}

/** git says in a fetch which agent it is; we do not. */
function isOurs(asked: Buffer): boolean {
  return asked.includes("command=fetch") && !asked.includes("agent=");
}

function packet(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, "0")), bytes]);
}

const band = (number: number, content: string | Buffer): Buffer =>
  packet(Buffer.concat([Buffer.from([number]), Buffer.from(content)]));

const packOf = (...pieces: Buffer[]): Buffer => Buffer.concat([packet("packfile\n"), ...pieces, Buffer.from("0000")]);

async function outcome(place: Place): Promise<{ error?: { code: string; message: string }; left: string[] }> {
  const gitFolder = await temporaryFolder();
  const error = await fetchInto(gitFolder, place.request, place).then(
    () => undefined,
    (thrown: { code: string; message: string }) => thrown,
  );
  const left = [...(await readdir(gitFolder)), ...(await readdir(join(gitFolder, "objects/pack")))];
  return { ...(error && { error }), left: left.filter((name) => /^(tmp_|pack-|shallow)/.test(name)) };
}

describe("an answer that is not what it should be leaves nothing, and is told", () => {
  const header = (objects: number): Buffer => {
    const bytes = Buffer.from("PACK\0\0\0\x02\0\0\0\0");
    bytes.writeUInt32BE(objects, 8);
    return bytes;
  };
  const answers: [string, string, (real: Buffer) => Buffer][] = [
    ["the server's last words", "GIT_PROTOCOL", () => packOf(band(2, "Counting"), band(3, "fatal: out of memory\n"))],
    ["an error packet in the middle", "GIT_PROTOCOL", () => packOf(band(1, header(1)), packet("ERR upstream died"))],
    ["text after the pack was announced", "GIT_PROTOCOL", () => Buffer.from("000dpackfile\n<html>")],
    ["a band that there is not", "GIT_PROTOCOL", () => packOf(band(7, header(1)))],
    ["a pack that is none", "GIT_PROTOCOL", () => packOf(band(1, "HTTP/1.1 200 OK and so on"))],
    ["a pack of four billion objects", "GIT_PROTOCOL", () => packOf(band(1, header(0xffffffff)))],
    ["a pack of a version to come", "GIT_PROTOCOL", () => packOf(band(1, Buffer.from("PACK\0\0\0\x09\0\0\0\x01")))],
    ["a pack that ends early, as if complete", "GIT_PROTOCOL|HOST_REFUSED", () => packOf(band(1, header(3)))],
    ["an answer that ends before the pack", "HOST_REFUSED", (real) => real.subarray(0, 7)],
    ["an answer that ends in the pack", "HOST_REFUSED", (real) => real.subarray(0, real.length - 30)],
    ["a bit of the pack turned over", "GIT_PROTOCOL|GIT_CONTENT_REFUSED", turnedOver],
  ];
  it.each(answers)("%s", async (_, code, body) => {
    const place = await behind((answer) => ({ ...answer, body: body(answer.body) }));
    const { error, left } = await outcome(place);
    expect(error?.code).toMatch(new RegExp(`^(${code})$`));
    expect(left).toEqual([]);
  });

  function turnedOver(real: Buffer): Buffer {
    const body = Buffer.from(real);
    body[real.length - 60]! ^= 4;
    return body;
  }

  it("a whole pack without the commit that was asked for", async () => {
    const other = await temporaryFolder();
    const { stdout } = await promisify(execFile)("git", ["init", "-q", other, "--object-format=sha1"]);
    const blob = await git(other, ["hash-object", "-w", "--stdin"], Buffer.from(`something else${stdout}`));
    const { stdout: pack } = await promisify(execFile)("sh", ["-c", `echo ${blob} | git pack-objects -q --stdout`], {
      cwd: other,
      encoding: "buffer",
    });
    const place = await behind((answer) => ({ ...answer, body: packOf(band(1, pack)) }));
    expect((await outcome(place)).error).toMatchObject({
      code: "GIT_PROTOCOL",
      message: expect.stringContaining(place.commit),
    });
  });

  it("a commit that the server does not have is one request, and is not tried again", async () => {
    const place = await behind((answer) => answer);
    const { error } = await outcome({ ...place, commit: "b0".repeat(20) });
    expect(error).toMatchObject({ code: "GIT_REVISION_NOT_FOUND" });
    expect(place.meddler.requests).toHaveLength(1);
  });

  it("bytes that trickle", async () => {
    const place = await behind((answer) => answer);
    const ended = new AbortController();
    const told: string[] = [];
    place.request.onEvent = (event) => {
      if (event.phase !== "retry") return;
      told.push(event.detail);
      ended.abort();
    };
    place.request.signal = ended.signal;
    place.request.policy = { ...SHORT, timeouts: { ...SHORT.timeouts, materialize: 60_000 } };
    place.server.faults.push({ bytesPerSecond: 20 });
    place.request.url = `${place.server.url}/org/test.git`;
    expect((await outcome(place)).error).toMatchObject({ code: "INTERRUPTED" });
    expect(told).toEqual([expect.stringContaining("next to nothing")]);
  });

  it("more than the policy allows, at the byte", async () => {
    const place = await behind((answer) => answer);
    const { bytes } = await fetchInto(await temporaryFolder(), place.request, place);
    place.request.policy = { ...SHORT, maxBytes: bytes - 1 };
    expect(await outcome(place)).toMatchObject({ error: { code: "GIT_TOO_LARGE" }, left: [] });
    place.request.policy = { ...SHORT, maxBytes: bytes };
    expect((await outcome(place)).error).toBeUndefined();
  });
});

describe("an answer that is only unusual is taken", () => {
  const answers: [string, Meddle][] = [
    ["byte by byte", (answer) => ({ ...answer, body: answer.body, pieces: 1 })],
    [
      "compressed",
      ({ headers, ...answer }) => ({
        ...answer,
        body: gzipSync(answer.body),
        headers: { ...headers, "content-encoding": "gzip" },
      }),
    ],
    ["whose end does not come", (answer) => ({ ...answer, open: true })],
    [
      "with something behind the end",
      (answer) => ({ ...answer, body: Buffer.concat([answer.body, Buffer.alloc(99_999)]) }),
    ],
    [
      "with keep-alive packets",
      (answer) => ({ ...answer, body: afterPackfile(answer.body, Buffer.concat([band(1, ""), band(2, "")])) }),
    ],
    [
      "with sections that are not known",
      (answer) => ({
        ...answer,
        body: Buffer.concat([packet("news\n"), packet("none\n"), Buffer.from("0001"), answer.body]),
      }),
    ],
  ];
  it.each(answers)("%s", async (_, meddle) => {
    const place = await behind(meddle);
    place.request.policy = { ...SHORT, timeouts: { ...SHORT.timeouts, stall: 120_000, materialize: 120_000 } };
    const gitFolder = await temporaryFolder();
    expect(await fetchInto(gitFolder, place.request, place)).toMatchObject({ way: "v2" });
    expect(await git(gitFolder, ["--git-dir=.", "fsck", place.commit])).toBe("");
    expect(place.meddler.requests).toHaveLength(1);
  });

  function afterPackfile(body: Buffer, more: Buffer): Buffer {
    const at = body.indexOf("packfile\n") + "packfile\n".length;
    return Buffer.concat([body.subarray(0, at), more, body.subarray(at)]);
  }
});

describe("where git has to fetch, it does, and the host is asked so at once the next time", () => {
  const hosts: [string, Meddle][] = [
    ["says nothing to a fetch", (answer) => ({ ...answer, body: Buffer.alloc(0) })],
    ["refuses a fetch in words of its own", (answer) => ({ ...answer, body: packet("ERR unexpected command fetch") })],
    ["answers a fetch with a page", (answer) => ({ ...answer, body: Buffer.from("<html>no") })],
    ["fails at a fetch", (answer) => ({ ...answer, status: 500, body: Buffer.alloc(0) })],
  ];
  it.each(hosts)("a host that %s", async (_, meddle) => {
    const place = await behind(meddle);
    place.request.cache = await temporaryFolder();
    const events: GitEvent[] = [];
    place.request.onEvent = (event) => void events.push(event);
    for (const ours of [2, 0]) {
      place.meddler.requests.length = 0;
      const gitFolder = await temporaryFolder();
      expect(await fetchInto(gitFolder, place.request, place)).toMatchObject({ way: "git" });
      expect(place.meddler.requests.filter(isOurs).length).toBeLessThanOrEqual(ours);
      expect(await git(gitFolder, ["--git-dir=.", "fsck", place.commit])).toBe("");
      expect((await readdir(join(gitFolder, "objects/pack"))).filter((name) => name.startsWith("tmp"))).toEqual([]);
    }
    expect(events.filter(({ phase }) => phase === "retry")).toEqual([]);
  });

  it("a host that does not filter; without a filter it is still asked by ourselves", async () => {
    const place = await behind((answer) => answer, { config: { "uploadpack.allowFilter": "false" } });
    place.request.cache = await temporaryFolder();
    const commits = { ...place.request, options: { ...place.request.options, history: "commits" as const } };
    for (const ours of [1, 0]) {
      const before = place.meddler.requests.filter(isOurs).length;
      expect(await fetchInto(await temporaryFolder(), commits, place)).toMatchObject({ way: "git" });
      expect(place.meddler.requests.filter(isOurs).length - before).toBeLessThanOrEqual(ours);
    }
    expect(await fetchInto(await temporaryFolder(), place.request, place)).toMatchObject({ way: "v2" });
  });
});

it("what a host lacked is forgotten after a day, and found again once", async () => {
  const cache = await temporaryFolder();
  const known = { protocol: "v2", lacks: ["filter"] } as const;
  const memory = (): HostMemory => openHostMemory(cache, parseGitUrl("https://git.example/x"));
  await memory().keep(known);
  expect(await memory().recall()).toEqual(known);
  const file = join(cache, "hosts", (await readdir(join(cache, "hosts")))[0]!);
  const age = async (days: number): Promise<void> =>
    writeFile(file, (await readFile(file, "utf8")).replace(/\d+$/, String(Date.now() - days * 86_400_000 - 1)));
  await age(1);
  const later = memory();
  expect(await later.recall()).toEqual({ protocol: "v2", lacks: [] });
  await later.keep(known);
  expect(await memory().recall()).toEqual(known);
  await age(7);
  expect(await memory().recall()).toEqual({ protocol: "v2", lacks: [] });
  await memory().keep({ protocol: "v0", lacks: [] });
  await age(7);
  expect(await memory().recall()).toEqual({ protocol: "v2", lacks: [] });
  await age(2);
  const upgraded = memory();
  expect(await upgraded.recall()).toEqual({ protocol: "v0", lacks: [] });
  await upgraded.keep({ protocol: "v2", lacks: [] });
  expect(await memory().recall()).toEqual({ protocol: "v2", lacks: [] });
});
