import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { startGitServer, startProxy, type GitServer, type Repository } from "../support/index.ts";
import { newDesk, type Answer } from "./bowline.ts";

let server: GitServer;
let repository: Repository;

beforeAll(async () => {
  server = await startGitServer();
  repository = await server.add("org/test");
});

afterAll(() => server.close());

/** One `initializer git`, and how many connections it made. */
async function fetchOnce(
  words: string[],
  { url = server.url, env = {} }: { url?: string; env?: Record<string, string> } = {},
): Promise<Answer & { connections: number }> {
  const desk = await newDesk();
  const before = server.connections.length;
  const all = ["initializer", "git", "--url", `${url}/org/test`, "--path", "code", ...words, "-o", "json"];
  const answer = await desk.bowline(all, { env });
  return { ...answer, connections: server.connections.length - before };
}

test("the connection that was begun ahead is the one that is used, for a branch and for a commit", async () => {
  const branch = await fetchOnce(["--revision", "main"]);
  expect(branch).toMatchObject({ exitCode: 0, connections: 1 });
  const pin = await fetchOnce(["--commit", repository.commits["main"]!, "--ref", "refs/heads/main"]);
  expect(pin).toMatchObject({ exitCode: 0, connections: 1 });
});

test("over TLS it is used too", async () => {
  const secure = await startGitServer({ tls: "good", root: server.root });
  const { exitCode } = await fetchOnce(["--revision", "main", "--ca-file", secure.caFile], { url: secure.url });
  expect(exitCode).toBe(0);
  expect(secure.connections).toHaveLength(1);
  await secure.close();
});

test("nothing is connected to that the policy forbids", async () => {
  const options = { history: 1, tags: false, submodules: false, lfs: false, sparse: [] };
  for (const forbidding of [{ hosts: ["example.com"] }, { schemes: ["https"] }]) {
    const settings = JSON.stringify({ policy: { ...DEFAULT_POLICY, ...forbidding }, options, credentials: [] });
    const { stdout, exitCode, connections } = await fetchOnce(["--revision", "main", "--settings", settings]);
    expect(stdout).toMatch(/POLICY_REFUSED|GIT_URL_INVALID/);
    expect(exitCode).not.toBe(0);
    expect(connections).toBe(0);
  }
});

test("with a proxy only the proxy is connected to", async () => {
  const proxy = await startProxy();
  const { exitCode } = await fetchOnce(["--revision", "main"], { env: { http_proxy: proxy.url } });
  expect(exitCode).toBe(0);
  expect(proxy.requests.length).toBeGreaterThan(0);
  await proxy.close();
  const refusing = await startProxy({ status: 502 });
  expect(await fetchOnce(["--revision", "main"], { env: { http_proxy: refusing.url } })).toMatchObject({
    connections: 0,
  });
  await refusing.close();
});

test("a commit that is cached is connected to nobody for", async () => {
  const desk = await newDesk();
  const words = ["--commit", repository.commits["main"]!, "--cache", join(desk.folder, "cache")];
  expect((await fetchOnce(words)).connections).toBe(1);
  expect(await fetchOnce(words)).toMatchObject({ exitCode: 0, connections: 0 });
});

test("one that the server ends at once is made anew", async () => {
  let first = true;
  const door = createServer((socket) => {
    if (first) {
      first = false;
      return void socket.destroy();
    }
    const inside = connect(server.port, server.host);
    for (const each of [socket, inside]) each.on("error", () => [socket, inside].forEach((one) => one.destroy()));
    socket.pipe(inside).pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(door, "listening");
  const url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
  expect((await fetchOnce(["--commit", repository.commits["main"]!], { url })).exitCode).toBe(0);
  expect(first).toBe(false);
  door.close();
});
