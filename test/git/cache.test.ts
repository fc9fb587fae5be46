import { randomBytes } from "node:crypto";
import { lstat, readdir, readFile, readlink, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { materialize, resolve, type CodeReference, type GitEvent, type GitRequest } from "../../src/git/index.ts";
import { git, startGitServer, temporaryFolder, type GitServer, type Repository } from "../support/index.ts";
import { requestFor, TOKEN, tokenFor } from "./request.ts";

const OTHER = "another token";

let server: GitServer;
let cache: string;
let repository: Repository;

beforeAll(async () => {
  server = await startGitServer({
    accounts: [
      { username: "ada", password: TOKEN, access: ["org"] },
      { username: "ada", password: OTHER, access: ["org"] },
    ],
  });
  repository = await server.add("org/test", {
    commits: [
      {
        name: "first",
        files: { "a.txt": "1\n", "bin/run": { executable: "#!/bin/sh\n" }, large: "x".repeat(300_000) },
      },
      { name: "second", files: { "a.txt": "2\n", link: { symlink: "a.txt" }, 'with\nnewline "q"': "odd", empty: "" } },
      { branch: "crlf", from: "second", files: { ".gitattributes": "*.txt eol=crlf ident\n", "a.txt": "a\n$Id$\n" } },
    ],
    annotatedTags: { v1: "first" },
  });
});
afterAll(() => server.close());
beforeEach(async () => {
  cache = join(await temporaryFolder(), "cache");
  server.requests.length = 0;
});

interface Fetched {
  target: string;
  reference: CodeReference;
  events: GitEvent[];
}

async function fetched(more: Partial<GitRequest> & { pin?: { commit: string; ref?: string } } = {}): Promise<Fetched> {
  const { pin, ...rest } = more;
  const events: GitEvent[] = [];
  const findCredential = tokenFor(`${server.url}/org/`);
  const request = requestFor(`${server.url}/org/test.git`, { findCredential, cache, events, ...rest });
  const target = join(await temporaryFolder(), "repo");
  const reference = await materialize({ ...request, resolution: pin ?? (await resolve(request)), target });
  return { target, reference, events };
}

describe("a commit that is kept", () => {
  it("comes from the cache, the same in every way", async () => {
    const first = await fetched({ revision: "main" });
    const second = await fetched({ revision: "main" });
    expect(first.reference.cache).toBe("miss");
    expect(second.reference).toMatchObject({ cache: "hit", bytes: 0, timings: { fetch: 0, checkout: 0 } });
    const { path: _, at: _at, timings: _t, cache: _c, bytes: _b, ...same } = first.reference;
    expect(second.reference).toMatchObject(same);
    for (const { target } of [first, second]) {
      expect(await git(target, ["status", "--porcelain=v2", "--branch"])).toContain("# branch.upstream origin/main");
      expect(await git(target, ["status", "--porcelain"])).toBe("");
      expect(await git(target, ["fsck", "--strict"])).toBe("");
    }
    expect(await listed(second.target)).toEqual(await listed(first.target));
  });

  it("asks the server nothing for a pinned commit, and its git is the target's own", async () => {
    const first = await fetched({ revision: "main" });
    const { commit } = first.reference;
    server.requests.length = 0;
    const { target, reference } = await fetched({ pin: { commit, ref: "refs/heads/main" } });
    expect(reference.cache).toBe("hit");
    expect(server.requests).toEqual([]);
    await rm(cache, { recursive: true });
    expect(await git(target, ["log", "--format=%H"])).toBe(commit);
    await writeFile(join(target, "a.txt"), "3\n");
    expect(await git(target, ["diff", "--stat"])).toContain("1 file changed");
    await git(target, ["-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qam", "mine"]);
    const login = Buffer.from(`ada:${TOKEN}`).toString("base64");
    const header = ["-c", `http.extraHeader=Authorization: Basic ${login}`];
    await git(target, [...header, "pull", "-q"]);
    await git(target, [...header, "fetch", "-q", "origin", "crlf:crlf"]);
    await git(target, ["switch", "-q", "crlf"]);
    expect(await git(target, ["fsck", "--strict"])).toBe("");
  });
});

describe("the next commit of a branch", () => {
  it("costs its difference, and is the same as one that was fetched alone", async () => {
    const name = "org/grows";
    const noise = (seed: number): string =>
      Array.from({ length: 4000 }, (_, at) => ((at * 7919 * seed) % 65_521).toString(36)).join("");
    const made = await server.add(name, {
      commits: [
        {
          name: "one",
          files: { a: noise(1), "b/c": noise(2), "b/d": noise(3), "gone/x": "x", link: { symlink: "a" } },
        },
        {
          name: "two",
          files: { "b/c": "changed\n", "gone/x": null, gone: "now a file", new: "new\n", link: { symlink: "new" } },
        },
        { name: "three", files: { ".gitattributes": "* text eol=crlf\n" } },
      ],
    });
    const url = `${server.url}/${name}.git`;
    const bytes: number[] = [];
    for (const commit of ["one", "two", "three"].map((one) => made.commits[one]!)) {
      const { reference, target } = await fetched({ url, pin: { commit } });
      bytes.push(reference.bytes);
      const alone = await fetched({ url, pin: { commit }, cache: join(await temporaryFolder(), "another") });
      const again = await fetched({ url, pin: { commit } });
      expect(again.reference.cache).toBe("hit");
      for (const one of [target, again.target]) {
        expect(await contents(one)).toEqual(await contents(alone.target));
        expect(await git(one, ["status", "--porcelain"])).toBe("");
        expect(await git(one, ["fsck", "--strict"])).toBe("");
        expect(await git(one, ["for-each-ref"])).toBe("");
        expect(await git(one, ["rev-list", "--count", "HEAD"])).toBe("1");
        expect(await git(one, ["count-objects", "-v"])).toMatch(/^packs: 1$/m);
      }
    }
    expect(bytes[1]).toBeLessThan(bytes[0]! / 4);
    expect(bytes[2]).toBeLessThan(bytes[0]! / 4);
  });

  it("needs no fetch where only the options differ", async () => {
    const first = await fetched({ revision: "main" });

    const options = { ...requestFor("").options, submodules: true };
    const { reference, events } = await fetched({ options, pin: { commit: first.reference.commit } });
    expect(events.filter(({ phase }) => phase === "warning")).toEqual([]);
    expect(reference).toMatchObject({ cache: "objects", bytes: 0 });
    const { target, reference: tagged } = await fetched({ revision: "v1" });
    expect(tagged.cache).toBe("miss");
    expect(await git(target, ["describe", "--exact-match"])).toBe("v1");
  });
});

describe("many at once", () => {
  it("of one commit: one fetch, the others wait and say whom for", async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => fetched({ pin: { commit: commitOf("main") } })));
    expect(all.map(({ reference }) => reference.cache).toSorted()).toEqual(["miss", ...Array(7).fill("wait")]);
    expect(packsSent()).toBe(1);
    const waits = all.flatMap(({ events }) =>
      events.filter(({ phase, state }) => phase === "wait" && state === "start"),
    );
    expect(waits).toHaveLength(7);
    expect(waits[0]).toMatchObject({ detail: expect.stringMatching(`^process ${process.pid}: commit`) });
    for (const { target } of all) expect(await git(target, ["status", "--porcelain"])).toBe("");
  });

  it("of eight commits", async () => {
    const names = Array.from({ length: 8 }, (_, at) => `c${at}`);
    const made = await server.add("org/many", {
      commits: names.map((name, at) => ({ name, files: { [`f${at}`]: name, same: `${at}` } })),
    });
    const url = `${server.url}/org/many.git`;
    const all = await Promise.all(names.map((name) => fetched({ url, pin: { commit: made.commits[name]! } })));
    for (const [at, { target, reference }] of all.entries()) {
      expect(reference.cache).toBe("miss");
      expect(await git(target, ["rev-parse", "HEAD"])).toBe(made.commits[`c${at}`]);
      expect(await git(target, ["fsck", "--strict"])).toBe("");
      expect((await readdir(target)).filter((name) => name !== ".git")).toHaveLength(at + 2);
    }
    expect(packsSent()).toBe(8);
  });
});

function commitOf(name: string): string {
  return repository.commits[name]!;
}

/** Answers of the server that held a pack. */
function packsSent(): number {
  const asked = server.requests.filter(({ body }) => body.includes("done") && body.includes("want "));
  return asked.filter(({ body }) => !body.includes("filter tree:0")).length;
}

/** Every file of the working tree, with its content and whether it is executable. */
async function contents(folder: string): Promise<string[]> {
  const paths = (await readdir(folder, { recursive: true })).filter((path) => !/^\.git(\/|$)/.test(path)).toSorted();
  return Promise.all(
    paths.map(async (path) => {
      const found = await lstat(join(folder, path));
      if (found.isDirectory()) return path;
      if (found.isSymbolicLink()) return `${path} -> ${await readlink(join(folder, path))}`;
      return `${path} ${found.mode & 0o111} ${await readFile(join(folder, path), "utf8")}`;
    }),
  );
}

/** Paths below the folder with type, mode, size, seconds of modification. */
async function listed(folder: string): Promise<string[]> {
  const paths = await readdir(folder, { recursive: true });
  const lines = await Promise.all(
    paths.toSorted().map(async (path) => {
      const { mode, size, mtimeMs } = await stat(join(folder, path));
      const time = path.startsWith(".git") ? "" : Math.floor(mtimeMs / 1000);
      return mode & 0o40000 ? path : `${path} ${mode.toString(8)} ${size} ${time}`;
    }),
  );
  return lines;
}

describe("all of history", () => {
  const options = { ...requestFor("").options, history: "full" as const };

  it("is kept for the credential, and costs its difference", async () => {
    const name = "org/history";
    const noise = (seed: number): string =>
      Array.from({ length: 4000 }, (_, at) => ((at * 7919 * seed) % 65_521).toString(36)).join("");
    const made = await server.add(name, {
      commits: [
        { name: "one", files: { a: noise(1) } },
        { name: "two", files: { a: noise(2) } },
        { branch: "gone", from: "one", files: { b: "b" } },
      ],
      annotatedTags: { v1: "one" },
    });
    const url = `${server.url}/${name}.git`;
    const first = await fetched({ url, options, revision: "main" });
    const pin = { commit: made.commits["main"]!, ref: "refs/heads/main" };
    server.requests.length = 0;
    const pinned = await fetched({ url, options, pin });
    expect(server.requests).toEqual([]);
    expect(pinned.reference).toMatchObject({ cache: "objects", bytes: 0, history: "full" });
    const repositoryPath = join(server.root, `${name}.git`);
    await git(repositoryPath, ["update-ref", "-d", "refs/heads/gone"]);
    await git(repositoryPath, ["update-ref", "refs/tags/new", made.commits["one"]!]);
    const third = await fetched({ url, options, revision: "main" });
    expect(third.reference.bytes).toBeLessThan(first.reference.bytes / 4);
    for (const [{ target }, gone, tags] of [
      [first, true, "v1"],
      [pinned, true, "v1"],
      [third, false, "new\nv1"],
    ] as const) {
      expect(await git(target, ["rev-parse", "--is-shallow-repository"])).toBe("false");
      expect(await git(target, ["rev-list", "--count", "HEAD"])).toBe("2");
      expect(await git(target, ["tag"])).toBe(tags);
      expect((await git(target, ["branch", "-r"])).includes("origin/gone")).toBe(gone);
      expect(await git(target, ["describe", "--tags"])).toMatch(/^(v1|new)-1-g/);
      expect(await git(target, ["fsck", "--strict", "--no-dangling"])).toBe("");
      expect(await git(target, ["status", "--porcelain"])).toBe("");
    }
  });

  it("goes on from the last fetch, however many older ones there were", async () => {
    const old = Array.from({ length: 1_000 }, (_, at) => ({ name: `${at}`, files: at === 0 ? { a: "a" } : {} }));
    const content = randomBytes(300_000);
    const made = await server.add("org/long", { commits: [...old, { files: { a: content } }] });
    const request = { url: `${server.url}/org/long.git`, options, revision: "main" };
    await fetched(request);
    const known = (await readdir(cache, { recursive: true })).find((path) => path.endsWith(".git/refs/bowline"))!;
    for (const { name } of old) {
      const path = join(cache, known, made.commits[name]!);
      await writeFile(path, `${made.commits[name]}\n`);
      await utimes(path, 1, 1);
    }
    const next = await fetched(request);
    expect(next.reference.bytes).toBeLessThan(content.length / 4);
    expect(await git(next.target, ["rev-list", "--count", "HEAD"])).toBe("1001");
  });

  it("that is damaged is fetched anew, and told", async () => {
    await fetched({ options, revision: "main" });
    const kept = (await readdir(cache, { recursive: true })).filter((path) => /full-.*\.pack$/.test(path));
    for (const path of kept) {
      await rm(join(cache, path));
      await writeFile(join(cache, path), "no pack");
    }
    const { target, events } = await fetched({ options, revision: "main" });
    expect(events).toContainEqual(
      expect.objectContaining({ problem: expect.objectContaining({ code: "CACHE_DAMAGED" }) }),
    );
    expect(await git(target, ["fsck", "--strict"])).toBe("");
  });
});
