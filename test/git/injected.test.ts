import { readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { childScript, type ChildScript } from "../support/child-script.ts";
import {
  canInject,
  git,
  startGitServer,
  temporaryFolder,
  withFault,
  type CommitSpec,
  type GitServer,
  type InjectedFault,
} from "../support/index.ts";
import { networkOfTest } from "./request.ts";

const noStrace = canInject ? "" : " (skipped: no strace here, or no right to trace)";

let server: GitServer;
let old: string;
let commit: string;
let outer: string;
let script: ChildScript;

beforeAll(async () => {
  server = await startGitServer();
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`d${at % 3}/f${at}`, `${at}\n`]));
  const link = { symlink: "d1/f1" };
  const commits: CommitSpec[] = [{ name: "old", files: { ...files, link } }, { files: { last: "one\n" } }];
  ({ old, main: commit } = (await server.add("org/test", { commits })).commits as Record<"old" | "main", string>);
  const description = '[submodule "sub"]\n\tpath = sub\n\turl = ../test\n';
  const whole = { files: { ".gitmodules": description, sub: { submodule: commit } } };
  outer = (await server.add("org/whole", { commits: [whole] })).commits["main"]!;
  script = await childScript(`
    import { materialize } from "#src/git/materialize.ts";
    import { DEFAULT_POLICY } from "#src/config/index.ts";
    const request = JSON.parse(args[0]);
    const warnings = [];
    const onEvent = (event) => event.phase === "warning" && warnings.push(event.problem.code);
    const { history = 1, submodules = false } = request;
    const given = { options: { history, tags: false, submodules, lfs: false, sparse: [] }, policy: DEFAULT_POLICY, findCredential: async () => undefined };
    print(await materialize({ ...request, ...given, onEvent }).then(
      () => ({ answer: "made", warnings }),
      (error) => ({ answer: error.code ?? String(error), message: error.message, warnings }),
    ));
  `);
});
afterAll(async () => {
  script.remove();
  await server.close();
});

interface Attempt {
  target: string;
  cache?: string;
  history?: "full";
  of?: string;
  url?: string;
  submodules?: boolean;
  fault?: InjectedFault;
}

interface Told {
  answer: string;
  message?: string;
  warnings: string[];
}

async function attempt({ of = commit, fault, ...more }: Attempt): Promise<Told> {
  const url = `${server.url}/org/test`;
  const request = { url, resolution: { commit: of }, network: networkOfTest(), ...more };
  const under = fault === undefined ? {} : { under: withFault(fault) };
  return (await script.run([JSON.stringify(request)], under)) as Told;
}

async function isWhole(target: string): Promise<void> {
  expect(await git(target, ["rev-parse", "HEAD"])).toBe(commit);
  expect(await git(target, ["status", "--porcelain"])).toBe("");
  expect(await git(target, ["fsck", "--strict"])).toBe("");
}

describe.skipIf(!canInject)(`a call to the system that fails${noStrace}`, () => {
  it.each([
    ["mkdir", "EDQUOT", "DISK_FULL"],
    ["mkdir", "EIO", "DISK_NOT_WRITABLE"],
    ["rename", "ESTALE", "DISK_NOT_WRITABLE"],
  ])("every %s, by %s: %s, and nothing is left", async (call, error, answer) => {
    const target = join(await temporaryFolder(), "repo");
    expect(await attempt({ target, fault: { call, error } })).toMatchObject({ answer });
    expect(await readdir(dirname(target))).toEqual([]);
    expect(await attempt({ target })).toEqual({ answer: "made", warnings: [] });
    await isWhole(target);
  });

  it("when a list of the cache is read: the disk's fault and no bug, so that the code comes without the cache", async () => {
    const folder = await temporaryFolder();
    const cache = join(await temporaryFolder(), "cache");
    expect(await attempt({ target: join(folder, "first"), cache })).toEqual({ answer: "made", warnings: [] });
    const [name = ""] = await readdir(join(cache, "repositories"));
    const repository = join(cache, "repositories", name);
    // what remains are the objects
    await rm(join(repository, "trees"), { recursive: true });
    const fault = { call: "statx", error: "ESTALE", path: join(repository, "depth-1.git/shallow") };
    const target = join(folder, "second");
    expect(await attempt({ target, cache, fault })).toEqual({ answer: "made", warnings: ["CACHE_NOT_USED"] });
    await isWhole(target);
    expect(await attempt({ target: join(folder, "third"), cache })).toEqual({ answer: "made", warnings: [] });
  });

  it("while the files of the commit before are written: nothing of what was fetched meanwhile stays in the cache", async () => {
    const folder = await temporaryFolder();
    const cache = join(await temporaryFolder(), "cache");
    expect(await attempt({ of: old, target: join(folder, "first"), cache })).toMatchObject({ answer: "made" });
    const fault = { call: "symlink", error: "EIO" };
    const failing = attempt({ target: join(folder, "second"), cache, fault });
    expect(await failing).toMatchObject({ answer: "DISK_NOT_WRITABLE" });
    expect(await readdir(folder)).toEqual(["first"]);
    const [name = ""] = await readdir(join(cache, "repositories"));
    expect(await readdir(join(cache, "repositories", name, "incoming"))).toEqual([]);
  });

  it("when what a submodule was made in is removed: told, for it would be in the target", async () => {
    const target = join(await temporaryFolder(), "repo");
    const whole = { url: `${server.url}/org/whole`, of: outer, submodules: true, target };
    const failing = attempt({ ...whole, fault: { call: "rmdir", error: "EACCES" } });
    expect(await failing).toMatchObject({ answer: "DISK_NOT_WRITABLE" });
    expect(await attempt(whole)).toEqual({ answer: "made", warnings: [] });
    expect(await readdir(dirname(target))).toEqual(["repo"]);
    expect((await readdir(target)).toSorted()).toEqual([".git", ".gitmodules", "sub"]);
  });

  it("to lock anything: the cache is not used, and nobody waits for a lock that there is not", async () => {
    const folder = await temporaryFolder();
    const locking = await childScript(`
      import { spawn } from "node:child_process";
      import { readFileSync } from "node:fs";
      import { setTimeout as sleep } from "node:timers/promises";
      import { withFileLock } from "#src/lib/index.ts";
      // loads what it needs
      await withFileLock(args[0], async () => {});
      const words = ["-f", "-qq", "-o", "/dev/null", "-e", "inject=fcntl:error=ENOLCK", "-p", String(process.pid)];
      const tracer = spawn("strace", words, { stdio: "ignore" });
      while (!/^TracerPid:\\t[1-9]/m.test(readFileSync("/proc/self/status", "utf8"))) await sleep(20);
      const options = { patience: 20_000, onBusy: () => { throw new Error("waits"); } };
      const answer = await withFileLock(args[0], async () => "held", options).catch(({ code, message }) => code + " " + message);
      tracer.kill();
      print(answer);
    `);
    const told = await locking.run([join(folder, "lock")]);
    expect(told).toBe(`DISK_NOT_WRITABLE "${join(folder, "lock")}" cannot be locked: its file system gives no locks`);
    expect(await readdir(folder)).toEqual(["lock"]);
    locking.remove();
  });

  it("when a large file gets its time: told of the target", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "large-1"), "text");
    const writing = await childScript(`
      import { unpackPieces } from "#src/git/trees/kept/unpack-pieces.ts";
      const [folder] = args;
      const large = [{ name: "large-1", path: "file", size: 4, mode: 0o644, crc: ${crc32("text")} }];
      const piece = { folder, tree: folder, time: 1, reflink: false, segments: [], large, weight: 1 };
      print(await unpackPieces([piece], new AbortController().signal).then(() => "written", ({ code }) => code ?? "no code"));
    `);
    const under = withFault({ call: "utimensat", error: "EPERM" });
    expect(await writing.run([folder], { under })).toBe("DISK_NOT_WRITABLE");
    await rm(join(folder, "file"));
    expect(await writing.run([folder])).toBe("written");
    writing.remove();
  });

  it("while a kept history is brought up to date: it comes without the cache", async () => {
    const folder = await temporaryFolder();
    const cache = join(await temporaryFolder(), "cache");
    const wanted = { cache, history: "full" } as const;
    expect(await attempt({ ...wanted, target: join(folder, "first") })).toEqual({ answer: "made", warnings: [] });
    const [name = ""] = await readdir(join(cache, "repositories"));
    const repository = join(cache, "repositories", name);
    await rm(join(repository, "trees"), { recursive: true });
    const path = join(repository, "full-anonymous.git");
    await rm(join(path, "whole"));
    const target = join(folder, "second");
    const fault = { call: "getdents64", error: "EIO", path };
    expect(await attempt({ ...wanted, target, fault })).toEqual({ answer: "made", warnings: ["CACHE_NOT_USED"] });
    await isWhole(target);
    expect(await attempt({ ...wanted, target: join(folder, "third") })).toEqual({ answer: "made", warnings: [] });
  });
});
