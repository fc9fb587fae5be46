import { statSync } from "node:fs";
import { readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { materialize, resolve, type CodeReference, type GitRequest } from "../../src/git/index.ts";
import { git, startGitServer, temporaryFolder, type GitServer, type Repository } from "../support/index.ts";
import { requestFor, TOKEN, tokenFor } from "./request.ts";

const OTHER = "another token";
const STRANGER = "a token of somebody else";

let server: GitServer;
let repository: Repository;
let cache: string;

beforeAll(async () => {
  server = await startGitServer({
    accounts: [
      { username: "ada", password: TOKEN, access: ["org"] },
      { username: "ada", password: OTHER, access: ["org"] },
      { username: "ada", password: STRANGER, access: ["elsewhere"] },
    ],
  });
  const noise = (seed: number): string =>
    Array.from({ length: 60_000 }, (_, at) => ((at * 7919 * seed) % 65_521).toString(36)).join("");
  repository = await server.add("org/test", {
    commits: [
      { name: "one", files: { a: noise(1), "b/c": noise(2), d: "small\n" } },
      { name: "two", files: { "b/c": "changed\n", e: "new\n" } },
    ],
  });
  await server.add("org/sub", { commits: [{ name: "s", files: { s: "sub\n" } }] });
});
afterAll(() => server.close());
beforeEach(async () => {
  cache = join(await temporaryFolder(), "cache");
  server.requests.length = 0;
  server.faults.length = 0;
});

interface Fetched {
  target: string;
  reference: CodeReference;
}

async function fetched(
  more: Partial<GitRequest> & { pin?: { commit: string; ref?: string }; token?: string } = {},
): Promise<Fetched> {
  const { pin, token = TOKEN, ...rest } = more;
  const http = { kind: "basic" as const, username: "ada", password: token };
  const findCredential = tokenFor(`${server.url}/org/`, { http, secretValues: [token] });
  const request = requestFor(`${server.url}/org/test.git`, { findCredential, cache, ...rest });
  const target = join(await temporaryFolder(), "repo");
  const reference = await materialize({ ...request, resolution: pin ?? (await resolve(request)), target });
  return { target, reference };
}

const pinned = (name: string): { pin: { commit: string } } => ({ pin: { commit: repository.commits[name]! } });

describe("who may see what is kept", () => {
  it("another credential is asked about once, and one that may not see it gets nothing", async () => {
    await fetched(pinned("one"));
    server.requests.length = 0;
    const other = await fetched({ ...pinned("one"), token: OTHER });
    expect(other.reference.cache).toBe("hit");
    expect(server.requests.length).toBeGreaterThan(0);
    server.requests.length = 0;
    expect((await fetched({ ...pinned("one"), token: OTHER })).reference.cache).toBe("hit");
    expect(server.requests).toEqual([]);
    for (const token of [STRANGER, "no token at all"]) {
      await expect(fetched({ ...pinned("one"), token })).rejects.toMatchObject({
        code: expect.stringMatching(/^GIT_(REPOSITORY_NOT_FOUND|CREDENTIAL_REFUSED|ACCESS_DENIED)$/),
      });
    }
    await expect(fetched({ ...pinned("one"), findCredential: () => Promise.resolve(undefined) })).rejects.toMatchObject(
      { code: "GIT_CREDENTIAL_MISSING" },
    );
  });

  it("objects are given to nobody else either, and what was checked less strictly is not for who checks more", async () => {
    await fetched(pinned("one"));
    for (const path of await readdir(cache, { recursive: true }))
      if (path.endsWith("/trees")) await rm(join(cache, path), { recursive: true });
    for (const token of [STRANGER, "no token at all"]) {
      await expect(fetched({ ...pinned("one"), token })).rejects.toMatchObject({
        code: expect.stringMatching(/^GIT_(REPOSITORY_NOT_FOUND|CREDENTIAL_REFUSED|ACCESS_DENIED)$/),
      });
    }
    expect((await fetched(pinned("one"))).reference.cache).toBe("objects");
    const policy = { ...DEFAULT_POLICY, fsck: { ignore: ["missingEmail"] } };
    expect((await fetched({ ...pinned("one"), policy })).reference.cache).toBe("miss");
  });

  it("a submodule counts for itself", async () => {
    const sub = await server.add("org/inner", { commits: [{ name: "s", files: { s: "sub\n" } }] });
    const top = await server.add("org/outer", {
      commits: [
        {
          name: "t",
          files: {
            ".gitmodules": '[submodule "in"]\n\tpath = in\n\turl = ../inner.git\n',
            in: { submodule: sub.commits["s"]! },
          },
        },
      ],
    });
    const url = `${server.url}/org/outer.git`;
    const options = { ...requestFor("").options, submodules: true };
    const ask = (findCredential: GitRequest["findCredential"]) =>
      fetched({ url, options, pin: { commit: top.commits["t"]! }, findCredential });
    const all = tokenFor(`${server.url}/org/`);
    const first = await ask(all);
    const again = await ask(all);
    expect(again.reference).toMatchObject({ cache: "hit", submodules: first.reference.submodules });
    expect(await readFile(join(again.target, "in/s"), "utf8")).toBe("sub\n");
    expect(await git(again.target, ["submodule", "status"])).toMatch(/^ [0-9a-f]{40} in/);
    expect(await git(again.target, ["status", "--porcelain"])).toBe("");
    // the same credential for the outer one, none for the inner one
    const outerOnly = tokenFor(`${server.url}/org/`);
    await expect(
      ask((asked) => (asked.path.includes("inner") ? Promise.resolve(undefined) : outerOnly(asked))),
    ).rejects.toMatchObject({ code: "GIT_CREDENTIAL_MISSING" });
  });

  it("its folders are the owner's alone, and no file of it tells the credential", async () => {
    await fetched(pinned("one"));
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    expect(statSync(join(cache, "key")).mode & 0o777).toBe(0o600);
    for (const path of await readdir(cache, { recursive: true })) {
      expect(path).not.toContain(TOKEN);
      const whole = join(cache, path);
      if (statSync(whole).isFile()) expect((await readFile(whole)).includes(TOKEN)).toBe(false);
    }
  });
});

describe("a target", () => {
  it("shares no inode with the cache, and its first git status reads no file", async () => {
    const first = await fetched(pinned("one"));
    const second = await fetched(pinned("one"));
    const inodes = new Set<number>();
    for (const path of await readdir(cache, { recursive: true })) inodes.add(statSync(join(cache, path)).ino);
    for (const { target } of [first, second]) {
      const files = (await readdir(target, { recursive: true })).map((path) => join(target, path));
      expect(files.filter((path) => statSync(path).isFile() && inodes.has(statSync(path).ino))).toEqual([]);
      // the same length and time, another content: who reads it sees that, who trusts the index does not
      const { atime, mtime, size } = statSync(join(target, "d"));
      await writeFile(join(target, "d"), "SMALL\n");
      expect(size).toBe(6);
      await utimes(join(target, "d"), atime, mtime);
      expect(await git(target, ["status", "--porcelain"])).toBe("");
    }
  });

  it("is held against today's policy", async () => {
    await fetched(pinned("one"));
    const policy = { ...DEFAULT_POLICY, maxFiles: 2 };
    await expect(fetched({ ...pinned("one"), policy })).rejects.toMatchObject({ code: "GIT_TOO_LARGE" });
    const small = { ...DEFAULT_POLICY, maxBytes: 1000 };
    await expect(fetched({ ...pinned("one"), policy: small })).rejects.toMatchObject({ code: "GIT_TOO_LARGE" });
  });
});
