import { execFileSync } from "node:child_process";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { materialize, verifyCache } from "../../src/git/index.ts";
import { gitFailure } from "../../src/git/process/git-failure.ts";
import { git, startGitServer, temporaryFolder, type GitServer } from "../support/index.ts";
import { addForGit, networkOfTest, requestFor, WAY } from "./request.ts";

let server: GitServer;
let url: string;
let commit: string;

beforeAll(async () => {
  server = await startGitServer();
  ({ url, commit } = await addForGit(server));
});
afterAll(() => server.close());

/** A git that runs this line of sh first, where it is started for `command`. */
async function gitThat(command: string, line: string): Promise<string> {
  const folder = await temporaryFolder();
  const real = execFileSync("sh", ["-c", "command -v git"]).toString().trim();
  const text = `#!/bin/sh\nreal=${real}\ncase " $* " in *" ${command} "*) ${line} ;; esac\nexec $real "$@"\n`;
  await writeFile(join(folder, "git"), text, { mode: 0o755 });
  return `${folder}:${process.env["PATH"]}`;
}

interface Attempt {
  target: string;
  searchPath: string;
  cache?: string;
}

async function attempt({ target, searchPath, ...more }: Attempt): Promise<string[]> {
  const warnings: string[] = [];
  await materialize({
    ...requestFor(url, { network: { ...networkOfTest(), searchPath }, ...more }),
    onEvent: (event) => event.phase === "warning" && warnings.push(event.problem.code),
    ...{ resolution: { commit }, target },
  });
  return warnings;
}

const FETCH = WAY === "git" ? "fetch" : "index-pack";

describe("a git that is ended by somebody, or for its memory,", () => {
  it.each([FETCH, "read-tree"])(
    "in the middle of its %s: SYSTEM_LIMIT, and the cache is not to blame",
    async (command) => {
      const folder = await temporaryFolder();
      const cache = join(await temporaryFolder(), "cache");
      const searchPath = await gitThat(command, "kill -9 $$");
      const failing = attempt({ target: join(folder, "repo"), searchPath, cache });
      await expect(failing).rejects.toMatchObject({ code: "SYSTEM_LIMIT" });
      expect(await readdir(folder)).toEqual([]);
      // nothing was set aside
      expect(await attempt({ target: join(folder, "repo"), searchPath: process.env["PATH"]!, cache })).toEqual([]);
    },
  );
});

describe("a git that cannot open its files", () => {
  it("before it says its version: SYSTEM_LIMIT, and asked again by the next call", async () => {
    const target = join(await temporaryFolder(), "repo");
    const searchPath = await gitThat("--version", "ulimit -n 3");
    await expect(attempt({ target, searchPath })).rejects.toMatchObject({ code: "SYSTEM_LIMIT" });
    await writeFile(
      join(searchPath.split(":")[0]!, "git"),
      `#!/bin/sh\nPATH='${process.env["PATH"]}'; exec git "$@"\n`,
    );
    expect(await attempt({ target, searchPath })).toEqual([]);
  });

  it.each([FETCH, "read-tree"])("for its %s: SYSTEM_LIMIT, and nothing is left", async (command) => {
    const folder = await temporaryFolder();
    const failing = attempt({ target: join(folder, "repo"), searchPath: await gitThat(command, "ulimit -n 4") });
    await expect(failing).rejects.toMatchObject({ code: "SYSTEM_LIMIT" });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ["too many", "ulimit -n 4"],
    ["by its own words", "echo \"fatal: failed to stat 'x': Cannot allocate memory\" >&2; exit 128"],
  ])("to read a commit that is kept (%s): SYSTEM_LIMIT, and not that it is none", async (_, line) => {
    const folder = await temporaryFolder();
    const cache = join(await temporaryFolder(), "cache");
    await attempt({ target: join(folder, "first"), searchPath: process.env["PATH"]!, cache });
    const [repository = ""] = await readdir(join(cache, "repositories"));
    // what remains are the objects
    await rm(join(cache, "repositories", repository, "trees"), { recursive: true });
    const failing = attempt({ target: join(folder, "repo"), searchPath: await gitThat("log", line), cache });
    await expect(failing).rejects.toMatchObject({ code: "SYSTEM_LIMIT" });
  });

  it("to compare what was written: the code is there all the same, and not kept", async () => {
    const target = join(await temporaryFolder(), "repo");
    const cache = join(await temporaryFolder(), "cache");
    const searchPath = await gitThat("hash-object", "ulimit -n 4");
    expect(await attempt({ target, searchPath, cache })).toEqual(["CACHE_NOT_KEPT"]);
    expect(await git(target, ["status", "--porcelain"])).toBe("");
  });
});

it("a check of the cache whose git is ended: SYSTEM_LIMIT, and nothing is taken for damaged", async () => {
  const cache = join(await temporaryFolder(), "cache");
  const searchPath = process.env["PATH"]!;
  await attempt({ target: join(await temporaryFolder(), "repo"), searchPath, cache });
  const { signal } = new AbortController();
  const ended = { ...networkOfTest(), searchPath: await gitThat("fsck", "kill -9 $$") };
  await expect(verifyCache(cache, { network: ended, signal })).rejects.toMatchObject({ code: "SYSTEM_LIMIT" });
  expect(await verifyCache(cache, { network: networkOfTest(), signal })).toEqual({ checked: 2, damaged: [] });
});

it("a repository of the cache that was only begun is not taken for damaged", async () => {
  const cache = join(await temporaryFolder(), "cache");
  const begun = join(cache, "repositories/0123456789abcdef/depth-1.git");
  await mkdir(join(begun, "users"), { recursive: true });
  await mkdir(join(begun, "objects/info"), { recursive: true });
  const { signal } = new AbortController();
  expect(await verifyCache(cache, { network: networkOfTest(), signal })).toMatchObject({ damaged: [] });
});

it("a helper of git that is ended: SYSTEM_LIMIT", () => {
  const told = (stderr: string, ...command: string[]): string =>
    gitFailure({ code: 128, stdout: Buffer.alloc(0), stderr }, { command }).code;
  expect(told("error: git-remote-http died of signal 9\n", "fetch")).toBe("SYSTEM_LIMIT");
  expect(told("fatal: packet write failed: Broken pipe\n", "read-tree", "-u")).toBe("SYSTEM_LIMIT");
  expect(told("error: index-pack died of signal 25\n", "fetch")).toBe("DISK_NOT_WRITABLE");
});

it.each([
  "fatal: Invalid path '/cache/repositories': Permission denied",
  "fatal: unable to rename temporary file to '/code/.git/objects/pack/pack-1.pack': Device or resource busy",
  "fatal: failed to read object 1: Stale file handle",
  "fatal: fsync error on '/code/tmp_pack_1': Invalid argument",
  "warning: unable to access '.git/config': Input/output error\nfatal: unknown error occurred while reading the configuration files",
  "fatal: not a git repository (or any of the parent directories): .git",
])("a disk that does not let git do its work is told as that: %s", (stderr) => {
  const { code } = gitFailure({ code: 128, stdout: Buffer.alloc(0), stderr }, { command: ["read-tree"] });
  expect(code).toBe("DISK_NOT_WRITABLE");
});

describe("while it is at work", () => {
  it("what is around the target is moved away: told, and no part of it is made again in its place", async () => {
    const folder = await temporaryFolder();
    const parent = join(folder, "parent");
    const searchPath = await gitThat("read-tree", `mv '${parent}' '${folder}/other'`);
    const failing = attempt({ target: join(parent, "repo"), searchPath });
    await expect(failing).rejects.toMatchObject({ code: "DISK_NOT_WRITABLE" });
    expect((await readdir(parent)).filter((name) => !name.startsWith("."))).toEqual([]);
  });

  it.each([FETCH, "read-tree"])("what is around the target is removed (%s): told as gone", async (command) => {
    const parent = join(await temporaryFolder(), "parent");
    const searchPath = await gitThat(command, `rm -rf '${parent}'`);
    const failing = attempt({ target: join(parent, "repo"), searchPath });
    await expect(failing).rejects.toMatchObject({ code: "DISK_NOT_WRITABLE" });
  });

  it.skipIf(WAY === "git")(
    `what is around the target is moved away in the middle of a pack${WAY === "git" ? " (skipped: git reads it itself)" : ""}: told, and not of the server`,
    async () => {
      const folder = await temporaryFolder();
      const parent = join(folder, "parent");
      const halves = `{ head -c 20; sleep 0.3; mv '${parent}' '${folder}/other'; cat; } | $real "$@"; exit`;
      const failing = attempt({ target: join(parent, "repo"), searchPath: await gitThat("index-pack", halves) });
      const message = expect.stringContaining("was moved or removed") as string;
      await expect(failing).rejects.toMatchObject({ code: "DISK_NOT_WRITABLE", message });
    },
  );

  it("the cache is removed: made without it", async () => {
    const folder = await temporaryFolder();
    const cache = join(folder, "cache");
    const target = join(await temporaryFolder(), "repo");
    const searchPath = await gitThat(FETCH, `rm -rf '${cache}'`);
    expect(await attempt({ target, searchPath, cache })).toEqual(["CACHE_NOT_USED"]);
    expect(await git(target, ["status", "--porcelain"])).toBe("");
  });

  it("a file comes into the target's place: PATH_INVALID, and it stays", async () => {
    const target = join(await temporaryFolder(), "repo");
    const searchPath = await gitThat("read-tree", `echo mine > '${target}'`);
    await expect(attempt({ target, searchPath })).rejects.toMatchObject({ code: "PATH_INVALID" });
  });
});

describe("what is called git", () => {
  it.each([
    ["says nothing", "#!/bin/sh\n", 0o755],
    ["says something else", "#!/bin/sh\nyes | head -c 300000000\n", 0o755],
    ["may not be started", "#!/bin/sh\n", 0o644],
  ])("%s: GIT_MISSING, until it is put right", async (_, text, mode) => {
    const folder = await temporaryFolder();
    const file = join(folder, "git");
    const target = join(await temporaryFolder(), "repo");
    await writeFile(file, text, { mode });
    await expect(attempt({ target, searchPath: folder })).rejects.toMatchObject({ code: "GIT_MISSING" });
    await rm(file);
    await attempt({ target, searchPath: `${folder}:${process.env["PATH"]}` });
    await writeFile(file, `#!/bin/sh\nPATH='${process.env["PATH"]}'; exec git "$@"\n`, { mode: 0o755 });
    await attempt({ target: `${target}2`, searchPath: folder });
  });
});
