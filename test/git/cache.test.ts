import { readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { materialize, resolve, type CodeReference, type GitEvent, type GitRequest } from "../../src/git/index.ts";
import { git, startGitServer, temporaryFolder, type GitServer } from "../support/index.ts";
import { requestFor, TOKEN, tokenFor } from "./request.ts";

const OTHER = "another token";

let server: GitServer;
let cache: string;

beforeAll(async () => {
  server = await startGitServer({
    accounts: [
      { username: "ada", password: TOKEN, access: ["org"] },
      { username: "ada", password: OTHER, access: ["org"] },
    ],
  });
  await server.add("org/test", {
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
