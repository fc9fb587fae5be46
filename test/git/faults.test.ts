import { randomBytes } from "node:crypto";
import { createServer, type AddressInfo, type Server } from "node:net";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_POLICY, type Policy } from "../../src/config/index.ts";
import { checkConnection, materialize, resolve, type CodeReference, type GitEvent } from "../../src/git/index.ts";
import { startGitServer, temporaryFolder, type GitServer, type RecordedRequest } from "../support/index.ts";
import { IMPATIENT, requestFor, TOKEN, tokenFor, WAY } from "./request.ts";

let server: GitServer;
const SHORT: Policy = {
  ...DEFAULT_POLICY,
  timeouts: { connect: 1_500, stall: 1_500, resolve: 6_000, materialize: 20_000 },
};
const isFetch = (request: RecordedRequest): boolean => request.body.includes("command=fetch");

beforeAll(async () => {
  server = await startGitServer({ accounts: [{ username: "ada", password: TOKEN, access: ["org"] }] });
  await server.add("org/test", { commits: [{ name: "first", files: { "a.txt": "1\n", big: "x\n".repeat(99_999) } }] });
});
afterAll(() => server.close());
beforeEach(() => {
  server.faults.length = 0;
  server.requests.length = 0;
});

function request(more: Parameters<typeof requestFor>[1] = {}): ReturnType<typeof requestFor> {
  const findCredential = tokenFor(`${server.url}/org/`);
  return requestFor(`${server.url}/org/test.git`, { findCredential, policy: SHORT, ...more });
}

async function fetched(more: Parameters<typeof requestFor>[1] = {}): Promise<{ target: string; code: CodeReference }> {
  const asked = request(more);
  const target = join(await temporaryFolder(), "repo");
  return { target, code: await materialize({ ...asked, resolution: await resolve(asked), target }) };
}

/** The error, and proof that nothing is left where the target would be. */
async function failed({
  resolved = true,
  ...more
}: Parameters<typeof requestFor>[1] & { resolved?: boolean } = {}): Promise<unknown> {
  const asked = request(more);
  const target = join(await temporaryFolder(), "repo");
  const resolution = resolved ? await resolve(asked) : { commit: "b0".repeat(20) };
  const error: unknown = await materialize({ ...asked, resolution, target }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(await readdir(dirname(target))).toEqual([]);
  return error;
}

describe("while resolving", () => {
  it.each([429, 502, 503])("%i is tried again, and the wait is told", async (status) => {
    // the first answer of 5xx could mean "no protocol v2": a Retry-After says that the server is merely busy
    server.faults.push({ times: 2, status, headers: { "retry-after": "1" } });
    const events: GitEvent[] = [];
    const { commit, session } = await resolve(request({ events }));
    session.close();
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
    expect(server.requests.map((one) => one.status)).toEqual([status, status, 200]);
    const waits = events.flatMap((event) => (event.phase === "retry" ? [event.ms] : []));
    expect(waits).toHaveLength(2);
    for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(1_000);
  });

  it("a status that HTTP does not have is told as no git server's, and not tried again", async () => {
    server.faults.push({ status: 999 });
    const events: GitEvent[] = [];
    await expect(resolve(request({ events }))).rejects.toMatchObject({
      code: "GIT_PROTOCOL",
      message: expect.stringContaining("answers 999"),
    });
    expect(events.filter(({ phase }) => phase === "retry")).toEqual([]);
  });

  it("a Retry-After beyond the deadline ends at once, and is told", async () => {
    server.faults.push({ status: 429, headers: { "retry-after": "3600" } });
    await expect(resolve(request())).rejects.toMatchObject({
      code: "HOST_BUSY",
      hint: expect.stringContaining("3600"),
    });
    expect(server.requests).toHaveLength(1);
  });

  it("a Retry-After holds for every process that shares the cache: nobody else asks before", async () => {
    const cache = await temporaryFolder();
    server.faults.push({ times: 1, status: 429, headers: { "retry-after": "30" } });
    await expect(resolve(request({ cache }))).rejects.toMatchObject({ code: "HOST_BUSY" });
    for (const again of [resolve(request({ cache })), failed({ cache, resolved: false })])
      expect(await again.catch((error: unknown) => error)).toMatchObject({
        code: "HOST_BUSY",
        hint: expect.stringMatching(/wait (30|[12]\d) s/),
      });
    expect(server.requests).toHaveLength(1);
    (await resolve(request({ cache: await temporaryFolder() }))).session.close();
  });

  it("a short Retry-After that another process was given is waited for", async () => {
    const cache = await temporaryFolder();
    server.faults.push({ times: 1, status: 503, headers: { "retry-after": "2" } });
    const events: GitEvent[] = [];
    const first = resolve(request({ cache, events }));
    while (events.every(({ phase }) => phase !== "retry")) await sleep(20);
    const second = resolve(request({ cache, events }));
    for (const { session } of await Promise.all([first, second])) session.close();
    expect(server.requests.map(({ status }) => status)).toEqual([503, 200, 200]);
    expect(events.filter(({ phase }) => phase === "retry")).toHaveLength(2);
  });

  it("403 with a Retry-After is a limit of requests, not a refusal", async () => {
    server.faults.push({ status: 403, headers: { "retry-after": "3600" } });
    await expect(resolve(request())).rejects.toMatchObject({ code: "HOST_BUSY" });
  });

  it.each([
    [401, "GIT_CREDENTIAL_REFUSED"],
    [403, "GIT_ACCESS_DENIED"],
  ])("%i is not tried again", async (status, code) => {
    server.faults.push({ status });
    await expect(resolve(request())).rejects.toMatchObject({ code });
    expect(server.requests).toHaveLength(1);
  });

  it("404 could be a server that only has files: it is asked for these once", async () => {
    server.faults.push({ status: 404 });
    await expect(resolve(request())).rejects.toMatchObject({ code: "GIT_REPOSITORY_NOT_FOUND" });
    expect(server.requests.map(({ method }) => method)).toEqual(["POST", "GET"]);
  });

  it("a connection that is reset is tried again", async () => {
    server.faults.push({ times: 1, reset: 0 });
    (await resolve(request())).session.close();
    // it may be how a server takes words that it does not know
    expect(server.requests.map(({ method }) => method)).toEqual(["POST", "GET", "POST"]);
  });

  it.each([
    ["ends the connection", { reset: 0 }],
    ["answers 404 without an end", { status: 404, body: "Not Found", stall: 4 }],
    ["answers 404 and breaks off", { status: 404, body: "Not Found", reset: 4 }],
  ])("a repository that is not there, of whose first request the server %s", async (_, fault) => {
    server.faults.push({ match: ({ method }) => method === "POST", ...fault }, { status: 404 });
    const events: GitEvent[] = [];
    await expect(resolve(request({ events }))).rejects.toMatchObject({ code: "GIT_REPOSITORY_NOT_FOUND" });
    expect(events.filter(({ phase }) => phase === "retry")).toEqual([]);
    expect(server.requests.map(({ method }) => method)).toEqual(["POST", "GET"]);
    server.requests.length = 0;
    expect(await failed({ resolved: false })).toMatchObject({ code: "GIT_REPOSITORY_NOT_FOUND" });
    expect(server.requests.map(({ method }) => method)).toEqual(WAY === "git" ? ["GET"] : ["POST", "GET"]);
  });

  it("what a server can do is known when it breaks off a question for LFS, and that for LFS is not waited for", async () => {
    for (const end of [{ reset: 0 }, { status: 404, body: "Not Found", stall: 4 }]) {
      server.faults = [{ match: ({ path }) => path.includes("/info/lfs/"), ...end }];
      const report = await checkConnection(request());
      expect(report).toMatchObject({ shallow: true, filter: true, ...(end.status && { lfs: false }) });
    }
  });

  it("a byte at a time of what it can do, or does with LFS, is not waited for", async () => {
    const drip = {
      status: 200,
      headers: { "content-type": "text/plain" },
      body: "0".repeat(10_000),
      bytesPerSecond: 2,
    };
    const inTime = request({ policy: IMPATIENT });
    server.faults = [{ match: ({ path }) => path.includes("/info/lfs/"), ...drip }];
    expect(await checkConnection(inTime)).toMatchObject({ shallow: true, filter: true, lfs: true });
    server.faults = [{ match: ({ path }) => path.includes("/info/refs"), ...drip }];
    expect(await checkConnection(inTime)).not.toHaveProperty("shallow");
  });

  it("a server that takes the request and never answers is given up", async () => {
    server.faults.push({ stall: 0 });
    await expect(resolve(request())).rejects.toMatchObject({ code: "HOST_TIMEOUT" });
  });

  it("a server that accepts the connection and never speaks TLS is given up", async () => {
    const silent = await listen();
    const { port } = silent.address() as AddressInfo;
    const asked = request({ findCredential: () => Promise.resolve(undefined) });
    const failing = resolve({ ...asked, url: `https://127.0.0.1:${port}/org/test` });
    await expect(failing).rejects.toMatchObject({ code: "HOST_TIMEOUT" });
    silent.close();
  });

  it("a refused connection", async () => {
    const closed = await listen();
    const { port } = closed.address() as AddressInfo;
    await new Promise((done) => closed.close(done));
    const failing = resolve({ ...request(), url: `http://127.0.0.1:${port}/org/test` });
    await expect(failing).rejects.toMatchObject({ code: "HOST_REFUSED" });
  });

  it("a name that leads nowhere", async () => {
    const asked = request({ findCredential: () => Promise.resolve(undefined) });
    const failing = resolve({ ...asked, url: "https://nowhere.invalid/org/test" });
    await expect(failing).rejects.toMatchObject({ code: "HOST_NOT_FOUND" });
  });

  it.each([
    ["a web page", "<!doctype html><title>Sign in</title>"],
    ["text", "hello"],
    ["nothing", ""],
    ["half a packet", "0032want"],
  ])("an answer that is not git's: %s", async (_, body) => {
    server.faults.push({ status: 200, headers: { "content-type": "text/html" }, body });
    await expect(resolve(request())).rejects.toMatchObject({ code: "GIT_PROTOCOL" });
  });

  it("is ended by the caller's signal", async () => {
    server.faults.push({ stall: 0 });
    const failing = resolve(request({ signal: AbortSignal.timeout(200) }));
    await expect(failing).rejects.toThrow();
  });
});

describe("while fetching", () => {
  it("a reset in the middle of the pack is tried again, and the result is whole", async () => {
    server.faults.push({ match: isFetch, times: 1, reset: 400 });
    const { code } = await fetched();
    expect(code.tree).toMatch(/^[0-9a-f]{40}$/);
    expect(server.requests.filter(isFetch)).toHaveLength(2);
  });

  it("503, then the pack", async () => {
    server.faults.push({ match: isFetch, times: 1, status: 503 });
    await fetched();
    expect(server.requests.filter(isFetch)).toHaveLength(2);
  });

  it("429 with a Retry-After, whoever fetches: the wait is told, and holds for others", async () => {
    const cache = await temporaryFolder();
    const asked = request({ cache });
    const resolution = await resolve(asked);
    server.faults.push({ status: 429, headers: { "retry-after": "60" } });
    const target = join(await temporaryFolder(), "repo");
    const busy = { code: "HOST_BUSY", hint: expect.stringMatching(/wait (60|59) s/) };
    await expect(materialize({ ...asked, resolution, target })).rejects.toMatchObject(busy);
    const before = server.requests.length;
    await expect(resolve(asked)).rejects.toMatchObject(busy);
    expect(server.requests).toHaveLength(before);
  });

  it("a pack that is cut short every time leaves no target", async () => {
    server.faults.push({ match: isFetch, truncate: 500 });
    expect(await failed()).toMatchObject({ code: expect.stringMatching(/^(GIT_PROTOCOL|HOST_REFUSED)$/) });
  });

  it("a server that stops in the middle of the pack is given up, and leaves no target", async () => {
    server.faults.push({ match: isFetch, stall: 400 });
    const policy = { ...SHORT, timeouts: { ...SHORT.timeouts, materialize: 5_000 } };
    expect(await failed({ policy })).toMatchObject({ code: "HOST_TIMEOUT" });
  });

  it("a refusal between resolve and fetch is not tried again", async () => {
    server.faults.push({ match: isFetch, status: 401 });
    expect(await failed()).toMatchObject({ code: "GIT_CREDENTIAL_REFUSED" });
    expect(server.requests.filter(isFetch)).toHaveLength(1);
  });

  it("more bytes than the policy allows are not taken, and leave no target", async () => {
    await server.add("org/large", { commits: [{ files: { big: randomBytes(3_000_000) } }] });
    const policy = { ...SHORT, maxBytes: 500_000 };
    const asked = request({ policy });
    const target = join(await temporaryFolder(), "repo");
    const large = { ...asked, url: `${server.url}/org/large.git` };
    const failing = materialize({ ...large, resolution: await resolve(large), target });
    await expect(failing).rejects.toMatchObject({ code: "GIT_TOO_LARGE" });
    expect(await readdir(dirname(target))).toEqual([]);
  });

  it("more files than the policy allows are not written", async () => {
    expect(await failed({ policy: { ...SHORT, maxFiles: 1 } })).toMatchObject({ code: "GIT_TOO_LARGE" });
  });
});

function listen(): Promise<Server> {
  const listening = createServer(() => undefined);
  return new Promise((done) => listening.listen(0, "127.0.0.1", () => done(listening)));
}
