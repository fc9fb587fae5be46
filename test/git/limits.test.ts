import { execFileSync, spawnSync } from "node:child_process";
import { chmod, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { materialize, verifyCache } from "../../src/git/index.ts";
import { gitFailure } from "../../src/git/process/git-failure.ts";
import { canDropRights, childScript, type ChildScript } from "../support/child-script.ts";
import { git, startGitServer, temporaryFolder, type GitServer } from "../support/index.ts";
import { networkOfTest, requestFor, WAY } from "./request.ts";

let server: GitServer;
let url: string;
let commit: string;
let script: ChildScript;

beforeAll(async () => {
  server = await startGitServer();
  const files = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`d${at % 9}/f${at}`, `${at}\n`]));
  // with this attribute all files are git's to write
  const attributes = { ".gitattributes": "*.bat eol=crlf\n", "run.bat": "one\n" };
  commit = (await server.add("org/test", { commits: [{ files: { ...files, ...attributes } }] })).commits["main"]!;
  url = `${server.url}/org/test`;
  script = await childScript(`
    import { execFileSync } from "node:child_process";
    import { closeSync, openSync, readdirSync } from "node:fs";
    import { dirname } from "node:path";
    // what cannot be loaded now is never loaded by this process: Node remembers it
    import { materialize } from "#src/git/materialize.ts";
    import "#src/git/http/client.ts";
    import { DEFAULT_POLICY } from "#src/config/index.ts";
    const [url, commit, target, network, what] = args;
    const attempt = (target) => materialize({ url, target, resolution: { commit }, policy: DEFAULT_POLICY, network: JSON.parse(network),
      options: { history: 1, tags: false, submodules: false, lfs: false, sparse: [] }, findCredential: async () => undefined,
    }).then(() => "made", (error) => error.name === "BowlineError" ? error.code : String(error.stack));
    const limit = (words) => execFileSync("prlimit", ["--pid", String(process.pid), ...words]);
    const uncaught = [];
    process.on("uncaughtException", (error) => uncaught.push(String(error)));
    const answers = [];
    if (what === "files") {
      limit(["--nofile=120"]);
      for (let room = 0; room < 40; room += 1) {
        const held = [];
        try { for (;;) held.push(openSync("/dev/null")); } catch {}
        for (const file of held.splice(0, room)) closeSync(file);
        answers.push(await attempt(target + room));
        for (const file of held) closeSync(file);
      }
    } else {
      // the threads of this process count too: they are there by then
      answers.push(await attempt(target + "first"));
      limit(["--nproc=1:1"]);
      answers.push(await attempt(target + "second"));
    }
    print({ answers, uncaught, left: readdirSync(dirname(target)) });
  `);
});
afterAll(async () => {
  script.remove();
  await server.close();
});

const canLimit = spawnSync("prlimit", ["--version"]).status === 0;
const noLimit = canLimit ? "" : " (skipped: no prlimit of util-linux here)";
const noOther = canLimit && canDropRights ? "" : " (skipped: needs prlimit, root and Linux)";

interface Limited {
  folder: string;
  answers: string[];
  uncaught: string[];
  left: string[];
}

async function underLimit(what: "files" | "processes", unprivileged: boolean): Promise<Limited> {
  const folder = await temporaryFolder();
  await chmod(folder, 0o777);
  const words = [url, commit, join(folder, "repo"), JSON.stringify(networkOfTest()), what];
  const said = (await script.run(words, { unprivileged, env: { TMPDIR: folder } })) as Omit<Limited, "folder">;
  return { folder, ...said };
}

it.skipIf(!canLimit)(
  `with room for any number of open files it is made or SYSTEM_LIMIT, and nothing is left${noLimit}`,
  async () => {
    const { folder, answers, uncaught, left } = await underLimit("files", false);
    expect(uncaught).toEqual([]);
    expect([...new Set(answers)].toSorted()).toEqual(["SYSTEM_LIMIT", "made"]);
    const made = answers.flatMap((answer, room) => (answer === "made" ? [`repo${room}`] : []));
    expect(left.toSorted()).toEqual(made.toSorted());
    for (const name of made) expect(await git(join(folder, name), ["status", "--porcelain"])).toBe("");
  },
);

it.skipIf(!canLimit)(`what cannot be read is not taken for damaged, or for absent${noLimit}`, async () => {
  const reading = await childScript(`
    import { execFileSync } from "node:child_process";
    import { openSync } from "node:fs";
    import { isShallowAt } from "#src/git/objects/bare-repository.ts";
    import { readManifest } from "#src/git/trees/kept/manifest.ts";
    import { unpackPieces } from "#src/git/trees/kept/unpack-pieces.ts";
    import { readSmallFile } from "#src/lib/index.ts";
    const segments = [{ layer: "passwd", at: 0, size: 1, crc: 0, files: [] }];
    const piece = { folder: "/etc", tree: "/", time: 1, reflink: false, segments, large: [], weight: 1 };
    execFileSync("prlimit", ["--pid", String(process.pid), "--nofile=100"]);
    try { for (;;) openSync("/dev/null"); } catch {}
    const all = await Promise.allSettled([
      readSmallFile("/etc/passwd", 1e6),
      isShallowAt("/etc", "any"),
      readManifest("/etc", { size: 1, crc: 0 }),
      unpackPieces([piece], new AbortController().signal),
    ]);
    print(all.map(({ reason }) => reason?.code ?? String(reason)));
  `);
  expect(await reading.run([])).toEqual(["EMFILE", "SYSTEM_LIMIT", "SYSTEM_LIMIT", "SYSTEM_LIMIT"]);
  reading.remove();
});

it.skipIf(!canLimit || !canDropRights)(`where no thread can be started, this one writes all${noOther}`, async () => {
  const threads = await childScript(`
    import { execFileSync } from "node:child_process";
    import { unpackPieces } from "#src/git/trees/kept/unpack-pieces.ts";
    execFileSync("prlimit", ["--pid", String(process.pid), "--nproc=1:1"]);
    const segments = [{ layer: "passwd", at: 0, size: 0, crc: 0, files: [] }];
    const piece = { folder: "/etc", tree: "/", time: 1, reflink: false, segments, large: [], weight: 100_000 };
    print(await unpackPieces([piece, piece, piece], new AbortController().signal).then(() => "written", String));
  `);
  expect(await threads.run([], { unprivileged: true })).toBe("written");
  threads.remove();
});

it.skipIf(!canLimit || !canDropRights)(`where no process can be started: SYSTEM_LIMIT${noOther}`, async () => {
  const { answers, uncaught, left } = await underLimit("processes", true);
  expect({ answers, uncaught, left }).toEqual({
    answers: ["made", "SYSTEM_LIMIT"],
    uncaught: [],
    left: ["repofirst"],
  });
});

/** A git that runs this line of sh first, where it is started for `command`. */
async function gitThat(command: string, line: string): Promise<string> {
  const folder = await temporaryFolder();
  const real = execFileSync("sh", ["-c", "command -v git"]).toString().trim();
  const text = `#!/bin/sh\ncase " $* " in *" ${command} "*) ${line} ;; esac\nexec ${real} "$@"\n`;
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

it("a target whose name is not UTF-8, which Node gives as another one, is refused", async () => {
  const target = join(await temporaryFolder(), "caf\ufffd");
  await expect(attempt({ target, searchPath: process.env["PATH"]! })).rejects.toMatchObject({ code: "PATH_INVALID" });
});
