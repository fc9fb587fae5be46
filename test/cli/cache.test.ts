import { chmod, readdir, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ownMark } from "../../src/lib/index.ts";
import { checkNoNull } from "../support/contract.ts";
import { startGitServer, type GitServer, type Repository } from "../support/index.ts";
import { newDesk, type Desk } from "./bowline.ts";

const TOKEN = "t0ken of a cache";

let server: GitServer;
let repository: Repository;

beforeAll(async () => {
  server = await startGitServer({ accounts: [{ token: TOKEN, access: ["org"] }] });
  repository = await server.add("org/test");
});

afterAll(() => server.close());

interface Entry {
  kind: string;
  commit?: string;
  bytes: number;
  usedAt: string;
  inUse: boolean;
  path: string;
}

test("an empty cache", async () => {
  const desk = await newDesk();
  expect((await desk.bowline(["cache", "ls", "-o", "json"])).stdout).toBe("[]\n");
  expect((await desk.bowline(["cache", "ls"])).stderr).toContain("nothing is cached");
  expect((await desk.bowline(["cache", "verify"])).stderr).toContain("0 checked");
  expect((await desk.bowline(["cache", "prune"])).stderr).toContain("0 deleted");
});

test("ls shows what is kept, verify takes away what is damaged, prune what is not wanted", async () => {
  const desk = await newDesk();
  await keep(desk, "main");
  await keep(desk, "branchA");
  const entries = await list(desk);
  checkNoNull(entries);
  expect(entries.map(({ kind, commit }) => `${kind} ${commit}`).toSorted()).toEqual(
    ["objects undefined", `tree ${repository.commits["branchA"]}`, `tree ${repository.commits["main"]}`].toSorted(),
  );
  expect(entries.every(({ bytes, inUse }) => bytes > 100 && !inUse)).toBe(true);
  expect((await desk.bowline(["cache", "ls"])).stdout).toMatch(/^KIND +COMMIT +SIZE +USED +URL +OPTIONS\n/);

  expect((await desk.bowline(["cache", "verify"])).stderr).toContain("3 checked, none is damaged");
  const [pack] = (await readdir(join(objects(entries).path, "objects/pack"))).filter((name) => name.endsWith(".pack"));
  const packFile = join(objects(entries).path, "objects/pack", pack!);
  await chmod(packFile, 0o600);
  await truncate(packFile, 30);
  const tree = entries.find(({ kind }) => kind === "tree")!;
  await writeFile(join(tree.path, "layer-1"), "x", { flag: "r+" });
  const damaged = JSON.parse((await desk.bowline(["cache", "verify", "-o", "json"])).stdout) as Entry[];
  expect(damaged.map(({ path }) => path).toSorted()).toEqual([objects(entries).path, tree.path].toSorted());
  expect(await list(desk)).toHaveLength(1);

  const { stdout } = await desk.bowline(["cache", "prune", "--all", "-o", "json"]);
  expect(JSON.parse(stdout)).toMatchObject({ removed: [{ kind: "tree" }], inUse: [], left: 0 });
  expect(await readdir(join(cacheOf(desk), "repositories")).catch(() => [])).toEqual([]);
});

test("prune leaves what was used lately, what fits, and what a living process uses", async () => {
  const desk = await newDesk();
  await keep(desk, "main");
  await keep(desk, "branchA");
  const [newest, ...older] = await list(desk);
  const long = new Date(Date.now() - 8 * 86_400_000);
  const tree = older.find(({ kind }) => kind === "tree")!;
  await utimes(join(tree.path, "kept.json"), long, long);
  await writeFile(join(tree.path, "users", `${ownMark()}-x`), "");
  expect((await desk.bowline(["cache", "ls"])).stdout).toMatch(/\bnow\b/);
  expect((await desk.bowline(["cache", "prune", "--older-than", "7"])).stderr).toContain('takes a time, not "7"');
  expect((await desk.bowline(["cache", "prune", "--older-than", "7d"])).stderr).toMatch(/^0 deleted.*1 in use stays/);
  await rm(join(tree.path, "users", `${ownMark()}-x`));
  const [host, boot, , start] = ownMark().split("-");
  await writeFile(join(tree.path, "users", [host, boot, 4_194_303, start].join("-")), "");
  expect((await desk.bowline(["cache", "prune", "--older-than", "7d"])).stderr).toMatch(/^1 deleted/);
  await desk.bowline(["cache", "prune", "--max-size", String(newest!.bytes)]);
  expect((await list(desk)).map(({ path }) => path)).toEqual([newest!.path]);
  expect((await desk.bowline(["cache", "prune", "--max-size", "much"])).exitCode).toBe(2);
});

async function keep(desk: Desk, revision: string): Promise<void> {
  const words = ["--url", `${server.url}/org/test`, "--revision", revision, "--path", join(desk.folder, revision)];
  const env = { POLYAXON_GIT_CREDENTIALS: TOKEN };
  const { exitCode, stderr } = await desk.bowline(["initializer", "git", ...words, "--cache", cacheOf(desk)], { env });
  expect(exitCode, stderr).toBe(0);
}

function cacheOf(desk: Desk): string {
  return join(desk.env["BOWLINE_HOME"]!, "cache/git");
}

async function list(desk: Desk): Promise<Entry[]> {
  return JSON.parse((await desk.bowline(["cache", "ls", "-o", "json"])).stdout) as Entry[];
}

function objects(entries: readonly Entry[]): Entry {
  return entries.find(({ kind }) => kind === "objects")!;
}
