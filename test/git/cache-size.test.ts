import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { listCache, materialize, type CodeReference, type GitEvent } from "../../src/git/index.ts";
import { git, startGitServer, temporaryFolder, type GitServer, type Repository } from "../support/index.ts";
import { requestFor } from "./request.ts";

const COMMITS = 30;

let server: GitServer;
let repository: Repository;

beforeAll(async () => {
  server = await startGitServer();
  repository = await server.add("org/grows", {
    commits: Array.from({ length: COMMITS }, (_, at) => ({
      name: `c${at}`,
      files: { [`f${at}`]: `${at}\n`.repeat(300) },
    })),
  });
});
afterAll(() => server.close());

async function fetched(cache: string, at: number, maxBytes?: number): Promise<CodeReference> {
  const events: GitEvent[] = [];
  const policy = maxBytes === undefined ? DEFAULT_POLICY : { ...DEFAULT_POLICY, cache: { maxBytes } };
  const request = requestFor(`${server.url}/org/grows.git`, { cache, policy, events });
  const target = join(await temporaryFolder(), "repo");
  const reference = await materialize({ ...request, resolution: { commit: repository.commits[`c${at}`]! }, target });
  expect(events.filter(({ phase }) => phase === "warning")).toEqual([]);
  expect(await git(target, ["status", "--porcelain"])).toBe("");
  expect(await git(target, ["fsck", "--strict"])).toBe("");
  expect((await readdir(target)).length).toBe(at + 2);
  return reference;
}

it("many packs become one, while others read and write, and every commit is still there", async () => {
  const cache = join(await temporaryFolder(), "cache");
  const packs = async (): Promise<number> => {
    const paths = await readdir(cache, { recursive: true });
    return paths.filter((path) => /depth-1\.git\/objects\/pack\/.*\.pack$/.test(path)).length;
  };
  const most: number[] = [];
  for (let at = 0; at < COMMITS; at += 3) {
    await Promise.all([0, 1, 2].map((more) => fetched(cache, at + more)));
    most.push(await packs());
  }
  expect(Math.max(...most)).toBeGreaterThan(20);
  expect(await packs()).toBeLessThan(15);
  for (const { path } of (await listCache(cache)).filter(({ kind }) => kind === "tree"))
    await rm(path, { recursive: true });
  for (const at of [0, 13, COMMITS - 1]) expect(await fetched(cache, at)).toMatchObject({ cache: "objects", bytes: 0 });
});

it("keeps within its size: what was used longest ago goes, and is fetched again when it is wanted", async () => {
  const cache = join(await temporaryFolder(), "cache");
  await fetched(cache, 3);
  await fetched(cache, 4);
  const size = (await listCache(cache)).reduce((sum, { bytes }) => sum + bytes, 0);
  await fetched(cache, 3);
  await rm(join(cache, "looked-after"));
  await fetched(cache, 5, Math.round(size * 0.9));
  const left = await listCache(cache);
  expect(left.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(size * 0.9);
  expect(left.map(({ commit }) => commit)).toContain(repository.commits["c5"]);
  expect(left.map(({ commit }) => commit)).not.toContain(repository.commits["c4"]);
  expect((await fetched(cache, 4)).cache).not.toBe("hit");
});
