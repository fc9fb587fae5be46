import { existsSync } from "node:fs";
import { execa } from "execa";
import { readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { inScope, type Credential } from "../../src/connections/index.ts";
import { materialize, resolve, type CodeReference, type GitEvent, type GitRequest } from "../../src/git/index.ts";
import {
  git,
  startGitServer,
  temporaryFolder,
  type Fault,
  type FileSpec,
  type GitServer,
  type GitServerOptions,
} from "../support/index.ts";
import { requestFor } from "./request.ts";

const noLfs = ["/usr/bin/git-lfs", "/usr/local/bin/git-lfs", "/opt/homebrew/bin/git-lfs"].some((path) =>
  existsSync(path),
)
  ? undefined
  : "no git-lfs here (Debian: apt-get install git-lfs)";

const servers: GitServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(options: GitServerOptions = {}): Promise<GitServer> {
  const server = await startGitServer(options);
  servers.push(server);
  return server;
}

const BASIC: Credential["http"] = { kind: "basic", username: "x", password: "t k:/%" };
const HEADER = `Basic ${Buffer.from("x:t k:/%").toString("base64")}`;
const FILES: Record<string, FileSpec> = {
  ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
  "a.bin": { lfs: "the content of a\n".repeat(100) },
  "deep/b c.bin": { lfs: "b".repeat(5000) },
  "docs/text.md": "docs\n",
};

async function fetched(
  server: GitServer,
  path: string,
  more: Partial<GitRequest["options"]> & {
    http?: Credential["http"];
    ca?: string;
    request?: Partial<GitRequest>;
  } = {},
) {
  const { http = BASIC, ca, request: changed, ...options } = more;
  const events: GitEvent[] = [];
  const credential = {
    scope: `${server.url}/org/`,
    source: "test",
    http,
    secretValues: ["t k:/%"],
    ...(ca && { ca }),
  } as Credential;
  const base = requestFor(`${server.url}/${path}`, { events });
  const request: GitRequest = {
    ...base,
    ...changed,
    options: { ...base.options, lfs: true, ...options },
    findCredential: async (asked) => (inScope(credential.scope, asked) ? credential : undefined),
  };
  const target = join(await temporaryFolder(), "repo");
  const reference: CodeReference = await materialize({ ...request, resolution: await resolve(request), target });
  const warnings = events.flatMap((event) => (event.phase === "warning" ? [event.problem.code] : []));
  return { target, reference, warnings };
}

async function withLfs(
  server: GitServer,
  objects: Map<string, Buffer>,
  files: Record<string, FileSpec> = FILES,
): Promise<void> {
  const { lfs } = await server.add("org/test", { commits: [{ files }] });
  for (const [oid, content] of lfs) objects.set(oid, content);
}

const accounts = [{ username: "x", password: "t k:/%" }, { token: "bearer-token" }];

describe.skipIf(noLfs)(`LFS${noLfs === undefined ? "" : ` (skipped: ${noLfs})`}`, () => {
  test.each([
    ["basic", BASIC],
    ["bearer", { kind: "bearer", token: "bearer-token" }],
  ] as const)("contents take the place of pointers (%s); git status is clean without git-lfs", async (_, http) => {
    const objects = new Map<string, Buffer>();
    const server = await serve({ accounts, tls: "good", lfs: { objects, header: { Authorization: HEADER } } });
    await withLfs(server, objects);
    const { target, reference, warnings } = await fetched(server, "org/test", { http, ca: server.ca });
    expect(await readFile(join(target, "a.bin"), "utf8")).toBe("the content of a\n".repeat(100));
    expect(await readFile(join(target, "deep/b c.bin"), "utf8")).toBe("b".repeat(5000));
    expect(await git(target, ["status", "--porcelain"])).toBe("");
    expect(await git(target, ["config", "--local", "--list"])).not.toMatch(/lfs|filter/);
    expect(existsSync(join(target, ".git/lfs"))).toBe(false);
    expect(warnings).toEqual([]);
    expect(reference.bytes).toBeGreaterThan(6700);
  });

  test("objects on another host are asked for with the server's headers only", async () => {
    const objects = new Map<string, Buffer>();
    const store = await serve({ host: "127.0.0.2", lfs: { objects, header: { "X-Pass": "once" } } });
    const server = await serve({ accounts, lfs: { objects, objectsUrl: store.url, header: { "X-Pass": "once" } } });
    await withLfs(server, objects);
    const { target } = await fetched(server, "org/test");
    expect(await git(target, ["status", "--porcelain"])).toBe("");
    expect(store.requests.map(({ headers }) => [headers.authorization, headers["x-pass"]])).toEqual([
      [undefined, "once"],
      [undefined, "once"],
    ]);
  });

  test("another server named by .lfsconfig gets no credential, and a warning says so", async () => {
    const objects = new Map<string, Buffer>();
    const thief = await serve({ host: "127.0.0.2", lfs: { objects } });
    const server = await serve({ accounts, lfs: { objects } });
    await withLfs(server, objects, { ...FILES, ".lfsconfig": `[lfs]\n\turl = ${thief.url}/org/test.git/info/lfs\n` });
    const { warnings } = await fetched(server, "org/test");
    expect(warnings).toEqual(["LFS_ELSEWHERE"]);
    expect(thief.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });

  test("only what is checked out is fetched", async () => {
    const objects = new Map<string, Buffer>();
    const server = await serve({ accounts, lfs: { objects, header: { Authorization: HEADER } } });
    await withLfs(server, objects);
    const { target } = await fetched(server, "org/test", { sparse: ["docs"] });
    expect(existsSync(join(target, "deep"))).toBe(false);
    expect(await git(target, ["status", "--porcelain"])).toBe("");
    expect(server.requests.filter(({ path }) => path.includes("lfs-objects"))).toHaveLength(1);
  });

  test("an object that is not there is LFS_FAILED, and no target is left", async () => {
    const server = await serve({ accounts, lfs: { objects: new Map() } });
    await withLfs(server, new Map());
    await expect(fetched(server, "org/test")).rejects.toMatchObject({ code: "LFS_FAILED" });
  });

  test("contents that are left out by .lfsconfig stay pointers, and a warning says so", async () => {
    const objects = new Map<string, Buffer>();
    const server = await serve({ accounts, lfs: { objects, header: { Authorization: HEADER } } });
    await withLfs(server, objects, { ...FILES, ".lfsconfig": "[lfs]\n\tfetchexclude = deep\n" });
    const { target, warnings } = await fetched(server, "org/test");
    expect(warnings).toEqual(["LFS_POINTERS_LEFT"]);
    expect(await readFile(join(target, "deep/b c.bin"), "utf8")).toMatch(/^version https:\/\/git-lfs/);
    expect(await git(target, ["status", "--porcelain"])).toBe("");
  });

  test("contents over policy.maxBytes are refused before one is asked for", async () => {
    const objects = new Map<string, Buffer>();
    const server = await serve({ accounts, lfs: { objects } });
    await withLfs(server, objects);
    const request = { policy: { ...DEFAULT_POLICY, maxBytes: 6000 } };
    await expect(fetched(server, "org/test", { request })).rejects.toMatchObject({ code: "GIT_TOO_LARGE" });
    expect(server.requests.filter(({ path }) => path.includes("lfs"))).toEqual([]);
  });

  test.each([
    ["refuses the credential", { status: 401 }, "GIT_CREDENTIAL_REFUSED", /does not accept/],
    [
      "leaves out what it was asked for",
      { status: 200, body: '{"objects": []}' },
      "LFS_FAILED",
      /gives nothing for 2 s/,
    ],
    [
      "lets wait for an hour",
      { status: 429, headers: { "retry-after": "3600" } },
      "LFS_FAILED",
      /gives nothing for 2 s/,
    ],
    ["sends an object without end", { endless: Buffer.alloc(60_000, "x") }, "LFS_FAILED", /more than the pointers/],
  ] as [string, Fault, string, RegExp][])(
    "a server that %s is ended, long before the deadline",
    async (_, fault, code, message) => {
      const objects = new Map<string, Buffer>();
      const server = await serve({ accounts, lfs: { objects, header: { Authorization: HEADER } } });
      await withLfs(server, objects);
      const place = fault.endless === undefined ? "/objects/batch" : "/lfs-objects/";
      const headers = { "content-type": "application/vnd.git-lfs+json", ...fault.headers };
      server.faults.push({ match: ({ path }) => path.includes(place), status: 200, ...fault, headers });
      const policy = { ...DEFAULT_POLICY, timeouts: { ...DEFAULT_POLICY.timeouts, stall: 500 } };
      await expect(fetched(server, "org/test", { request: { policy } })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
      expect(server.requests.length).toBeLessThan(20);
    },
  );

  test("a server that sends a list of objects without end is ended before the machine's memory is", async () => {
    const objects = new Map<string, Buffer>();
    const server = await serve({ lfs: { objects } });
    await withLfs(server, objects);
    const headers = { "content-type": "application/vnd.git-lfs+json" };
    const endless = Buffer.alloc(1_000_000, "x");
    server.faults.push({
      match: ({ path }) => path.includes("/objects/batch"),
      status: 200,
      headers,
      body: '{"a":"',
      endless,
    });
    await expect(fetched(server, "org/test")).rejects.toMatchObject({
      code: "LFS_FAILED",
      message: expect.stringContaining("more than git-lfs is given memory for"),
    });
  });

  test("a server that refuses contents which it calls free is ended, long before the deadline", async () => {
    const objects = new Map<string, Buffer>();
    const server = await serve({ accounts, lfs: { objects } });
    await withLfs(server, objects);
    const refused = { status: 401, body: "no" };
    server.faults.push({ match: ({ path }) => path.includes("/lfs-objects/"), ...refused });
    await expect(fetched(server, "org/test")).rejects.toMatchObject({
      code: "LFS_FAILED",
      message: expect.stringContaining("again and again (401)"),
    });
    expect(server.requests.length).toBeLessThan(400);
  });

  test("contents count together with the other files", async () => {
    const objects = new Map<string, Buffer>();
    const server = await serve({ accounts, lfs: { objects, header: { Authorization: HEADER } } });
    const attributes = FILES[".gitattributes"]!;
    const files = { ".gitattributes": attributes, "a.bin": { lfs: "l".repeat(4000) }, plain: "p".repeat(4000) };
    await withLfs(server, objects, files);
    const request = (maxBytes: number) => ({ policy: { ...DEFAULT_POLICY, maxBytes } });
    await expect(fetched(server, "org/test", { request: request(6000) })).rejects.toMatchObject({
      code: "GIT_TOO_LARGE",
    });
    await fetched(server, "org/test", { request: request(9000) });
  });

  test("without git-lfs on PATH the error says what to install", async () => {
    const server = await serve({ accounts });
    await withLfs(server, new Map());
    const searchPath = await temporaryFolder();
    const { stdout } = await execa("sh", ["-c", "command -v git"]);
    await symlink(stdout, join(searchPath, "git"));
    await expect(fetched(server, "org/test", { request: { network: { searchPath } } })).rejects.toMatchObject({
      code: "GIT_MISSING",
      hint: expect.stringContaining("apt-get install git-lfs"),
    });
  });

  test("without `lfs` the pointers stay, and a warning says so", async () => {
    const server = await serve({ accounts });
    await withLfs(server, new Map());
    const { target, warnings } = await fetched(server, "org/test", { lfs: false });
    expect(await readFile(join(target, "a.bin"), "utf8")).toMatch(/^version https:\/\/git-lfs/);
    expect(warnings).toEqual(["LFS_OFF"]);
  });
});

test("a sparse checkout has the folder and what lies above it; pull and status work", async () => {
  const server = await serve();
  await server.add("org/test", {
    commits: [{ files: { top: "1", "src/a/x": "1", "src/b/y": "1", "src/z": "1", "docs/d": "1" } }],
  });
  const { target } = await fetched(server, "org/test", { lfs: false, sparse: ["src/a"] });
  expect((await execa("git", ["ls-files", "-t"], { cwd: target })).stdout.split("\n").sort()).toEqual([
    "H src/a/x",
    "H src/z",
    "H top",
    "S docs/d",
    "S src/b/y",
  ]);
  expect(await git(target, ["status", "--porcelain"])).toBe("");
  await git(target, ["pull", "-q"]);
  expect(existsSync(join(target, "docs"))).toBe(false);
});
