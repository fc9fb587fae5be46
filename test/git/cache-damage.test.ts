import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  listCache,
  materialize,
  verifyCache,
  type CodeReference,
  type GitEvent,
  type GitRequest,
} from "../../src/git/index.ts";
import { git, startGitServer, temporaryFolder, type GitServer, type Repository } from "../support/index.ts";
import { networkOfTest, requestFor } from "./request.ts";

let server: GitServer;
let repository: Repository;
let cache: string;

beforeAll(async () => {
  server = await startGitServer();
  const noise = (seed: number): string =>
    Array.from({ length: 60_000 }, (_, at) => ((at * 7919 * seed) % 65_521).toString(36)).join("");
  repository = await server.add("org/test", {
    commits: [
      { name: "one", files: { a: noise(1), "b/c": noise(2), d: "small\n" } },
      { name: "two", files: { "b/c": "changed\n", e: "new\n" } },
    ],
    tags: { v1: "one" },
    annotatedTags: { v2: "two" },
  });
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
  warnings: string[];
}

interface Asked {
  pin: { commit: string };
  options?: Partial<GitRequest["options"]>;
  network?: GitRequest["network"];
}

async function fetched({ pin, options, network = networkOfTest() }: Asked): Promise<Fetched> {
  const events: GitEvent[] = [];
  const plain = requestFor(`${server.url}/org/test.git`, { cache, events, network });
  const request: GitRequest = { ...plain, options: { ...plain.options, ...options } };
  const target = join(await temporaryFolder(), "repo");
  const reference = await materialize({ ...request, resolution: pin, target });
  const warnings = events.flatMap((event) => (event.phase === "warning" ? [event.problem.code] : []));
  return { target, reference, warnings };
}

const pinned = (name: string): { pin: { commit: string } } => ({ pin: { commit: repository.commits[name]! } });

async function expectWhole({ target }: Fetched, name: string): Promise<void> {
  expect(await git(target, ["rev-parse", "HEAD"])).toBe(repository.commits[name]);
  // every file is read: the index alone does not tell
  await rm(join(target, ".git/index"));
  await git(target, ["read-tree", "HEAD"]);
  expect(await git(target, ["status", "--porcelain"])).toBe("");
  expect(await git(target, ["fsck", "--strict"])).toBe("");
}

function onlyRepository(): string {
  const [name] = readdirSync(join(cache, "repositories"));
  return join(cache, "repositories", name!);
}

function onlyTree(): string {
  const [name] = readdirSync(join(onlyRepository(), "trees"));
  return join(onlyRepository(), "trees", name!);
}

describe("what is not as it was", () => {
  it.each([
    ["a file of the tree that is too short", (tree: string) => truncate(join(tree, "layer-1"), 100)],
    ["a large file that is gone", (tree: string) => rm(join(tree, "large-1"))],
    ["a changed byte", (tree: string) => flip(join(tree, "layer-1"))],
    ["a changed byte of a large file", (tree: string) => flip(join(tree, "large-1"))],
    ["a list that is cut", (tree: string) => truncate(join(tree, "manifest.json"), 50)],
    ["a list that is a pipe", (tree: string) => asPipe(join(tree, "manifest.json"))],
    ["a file of the tree that is a pipe", (tree: string) => asPipe(join(tree, "layer-1"))],
    ["a record that is gone", (tree: string) => rm(join(tree, "kept.json"))],
    ["a record that is empty", (tree: string) => truncate(join(tree, "kept.json"), 0)],
    ["a record that is cut", (tree: string) => truncate(join(tree, "kept.json"), 50)],
    ["a changed byte of a record", (tree: string) => flip(join(tree, "kept.json"))],
    [
      "a record of some other kind",
      (tree: string) => writeFile(join(tree, "kept.json"), '{"apiVersion":"bowline/v1"}'),
    ],
    ["a record that is a pipe", (tree: string) => asPipe(join(tree, "kept.json"))],
    ["a file in its place", (tree: string) => asFile(tree)],
  ])("%s is made anew, and told", async (_, damage) => {
    await fetched(pinned("one"));
    await damage(onlyTree());
    const second = await fetched(pinned("one"));
    expect(second.warnings).toEqual(["CACHE_DAMAGED"]);
    expect(second.reference.cache).toBe("objects");
    await expectWhole(second, "one");
    const third = await fetched(pinned("one"));
    expect(third).toMatchObject({ warnings: [], reference: { cache: "hit" } });
  });

  it.each(["truncated", "gone", "changed"])("a pack that is %s is fetched anew, and told", async (how) => {
    for (const name of ["one", "two"]) {
      cache = join(await temporaryFolder(), "cache");
      await fetched(pinned("one"));
      const packs = join(onlyRepository(), "depth-1.git/objects/pack");
      const pack = join(
        packs,
        (await readdir(packs)).find((file) => file.endsWith(".pack"))!,
      );
      await rm(onlyTree(), { recursive: true });
      await copyFile(pack, `${pack}.own`);
      await rename(`${pack}.own`, pack);
      await chmod(pack, 0o600);
      if (how === "truncated") await truncate(pack, 200);
      else if (how === "gone") await rm(pack);
      else await flip(pack);
      const next = await fetched(pinned(name));
      await expectWhole(next, name);
      if (name === "one") expect(next.warnings).toEqual(["CACHE_DAMAGED"]);
      expect((await fetched(pinned(name))).reference.cache).toBe("hit");
    }
  });

  it("a tree without its record is listed, and taken away when everything is looked at", async () => {
    await fetched(pinned("one"));
    await rm(join(onlyTree(), "kept.json"));
    const trees = async () => (await listCache(cache)).filter(({ kind }) => kind === "tree");
    expect(await trees()).toMatchObject([{ path: onlyTree(), bytes: expect.toSatisfy((bytes) => bytes > 100_000) }]);
    const { signal } = new AbortController();
    const { damaged } = await verifyCache(cache, { network: networkOfTest(), signal });
    expect(damaged.map(({ path }) => path)).toEqual([expect.stringContaining("/trees/")]);
    expect(await trees()).toEqual([]);
  });

  it.each(["key", "reflink.json"])("%s that is something else costs time and nothing else", async (name) => {
    await fetched(pinned("one"));
    const damages = [
      (path: string) => writeFile(path, "null"),
      asFile,
      asPipe,
      (path: string) => rm(path).then(() => mkdir(path)),
      (path: string) => rm(path, { recursive: true }).then(() => symlink("/nonexistent/x", path)),
    ];
    for (const damage of damages) {
      await damage(join(cache, name));
      const next = await fetched(pinned("one"));
      await expectWhole(next, "one");
      expect(next).toMatchObject({ warnings: [], reference: { cache: "hit" } });
    }
  });

  it("a lost list of where histories end makes no history longer", async () => {
    for (const name of ["one", "two"]) await fetched(pinned(name));
    await rm(join(onlyRepository(), "depth-1.git/shallow"));
    await rm(join(onlyRepository(), "trees"), { recursive: true });
    const next = await fetched(pinned("two"));
    await expectWhole(next, "two");
    expect(await git(next.target, ["rev-list", "--count", "HEAD"])).toBe("1");
  });

  it.each(["gone", "cut", "changed"])(
    "branches and tags of a kept history that are %s are asked for anew",
    async (how) => {
      const whole = { ...pinned("one"), options: { history: "full" } as const };
      const branches = ({ target }: Fetched) => git(target, ["for-each-ref", "--format=%(refname) %(objectname)"]);
      const before = await branches(await fetched(whole));
      const kept = join(onlyRepository(), "full-anonymous.git");
      const packed = join(kept, "packed-refs");
      const branch = existsSync(packed) ? packed : join(kept, "refs/remotes/origin/main");
      if (how === "gone") await rm(branch);
      else if (how === "cut") await truncate(branch, branch === packed ? 60 : 20);
      else await flip(branch);
      const next = await fetched(whole);
      expect(await branches(next)).toBe(before);
      await expectWhole(next, "one");
      expect((await fetched(whole)).reference.cache).toBe("objects");
    },
  );

  it.each(["idx", "pack"])(
    "a kept history whose %s is cut is fetched anew, and told, also where all of it comes again",
    async (kind) => {
      const whole = { ...pinned("two"), options: { history: "full" } as const };
      await fetched(whole);
      const kept = join(onlyRepository(), "full-anonymous.git");
      const packs = join(kept, "objects/pack");
      const name = (await readdir(packs)).find((file) => file.endsWith(`.${kind}`))!;
      await chmod(join(packs, name), 0o600);
      await truncate(join(packs, name), 100);
      await rm(join(kept, "refs/bowline"), { recursive: true });
      const next = await fetched(whole);
      expect(next.warnings).toEqual(["CACHE_DAMAGED"]);
      await expectWhole(next, "two");
      expect(await fetched(whole)).toMatchObject({ warnings: [], reference: { cache: "objects" } });
    },
  );

  it.each([1, "full"] as const)("a cache that is removed when history %s has come costs time only", async (history) => {
    const bin = await temporaryFolder();
    const script = `#!/bin/sh\nPATH=\${PATH#*:}\ncase "$*" in *"cat-file -t"*) rm -rf '${cache}' ;; esac\nexec git "$@"\n`;
    await writeFile(join(bin, "git"), script, { mode: 0o755 });
    const network = { searchPath: `${bin}:${process.env["PATH"]}`, fetchBy: "git" } as const;
    const next = await fetched({ ...pinned("two"), options: { history }, network });
    expect(next.warnings).toEqual(["CACHE_NOT_USED"]);
    await expectWhole(next, "two");
  });

  it.each([1, "full"] as const)(
    "links in the place of its files lead nobody to write elsewhere (history %s)",
    async (history) => {
      const victim = join(await temporaryFolder(), "victim");
      await writeFile(victim, "somebody's\n");
      const asked = { options: { history } };
      await fetched({ ...pinned("one"), ...asked });
      const entries = await readdir(cache, { recursive: true, withFileTypes: true });
      for (const entry of entries.filter((one) => one.isFile() && !one.name.endsWith(".lock"))) {
        await rm(join(entry.parentPath, entry.name));
        await symlink(victim, join(entry.parentPath, entry.name));
      }
      for (const name of ["one", "two", "one"]) await expectWhole(await fetched({ ...pinned(name), ...asked }), name);
      await verifyCache(cache, { network: networkOfTest(), signal: AbortSignal.timeout(20_000) });
      expect(await readFile(victim, "utf8")).toBe("somebody's\n");
    },
  );

  it("parts that are deleted cost time and nothing else", async () => {
    await fetched(pinned("one"));
    const paths = (await readdir(cache, { recursive: true })).toSorted();
    const copy = join(await temporaryFolder(), "copy");
    await cp(cache, copy, { recursive: true });
    for (const path of paths.filter((_, at) => at % 6 === 0)) {
      await rm(cache, { recursive: true, force: true });
      await cp(copy, cache, { recursive: true });
      await rm(join(cache, path), { recursive: true, force: true });
      const next = await fetched(pinned("two"));
      await expectWhole(next, "two");
    }
  }, 120_000);
});

async function asPipe(path: string): Promise<void> {
  await rm(path);
  spawnSync("mkfifo", [path]);
}

async function asFile(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await writeFile(path, "x");
}

async function flip(path: string): Promise<void> {
  const file = await open(path, "r+");
  const { size } = await stat(path);
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, Math.floor(size / 2));
  await file.write(Buffer.from([byte[0]! ^ 0xff]), 0, 1, Math.floor(size / 2));
  await file.close();
}
