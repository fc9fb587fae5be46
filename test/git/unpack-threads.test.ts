import { execFile, spawnSync } from "node:child_process";
import { mkdir, open, readdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { materialize, type CodeReference, type GitEvent } from "../../src/git/index.ts";
import { git, startGitServer, temporaryFolder, type GitServer } from "../support/index.ts";
import { requestFor } from "./request.ts";

const FILES = 16_000;
const alone = availableParallelism() > 1 ? "" : " (skipped: this machine has one processor)";
const notRoot = process.getuid?.() === 0 && process.platform === "linux" ? "" : " (skipped: not root on Linux)";

describe.skipIf(alone)(`a large kept tree is written by several threads${alone}`, () => {
  let server: GitServer;
  let url: string;
  let commit: string;
  let place: string;
  let cache: string;
  const threads = new Set<Worker>();
  const note = (thread: Worker): void => {
    threads.add(thread);
    thread.once("exit", () => threads.delete(thread));
  };

  beforeAll(async () => {
    server = await startGitServer();
    const names = Array.from({ length: FILES }, (_, at) => `folder ${at % 40}/${at}.txt`);
    const files = Object.fromEntries(names.map((name, at) => [name, `content ${at}\n`]));
    const more = { large: "x".repeat(300_000), link: { symlink: "large" }, run: { executable: "#!/bin/sh\n" } };
    const repository = await server.add("org/test", { commits: [{ name: "one", files: { ...files, ...more } }] });
    commit = repository.commits["one"]!;
    url = `${server.url}/org/test.git`;
    place = await temporaryFolder();
    cache = join(place, "cache");
    await written("first");
    process.on("worker", note);
  });
  afterAll(async () => {
    process.off("worker", note);
    await server.close();
  });

  async function written(
    name: string,
    signal?: AbortSignal,
  ): Promise<{ target: string; reference: CodeReference; warnings: string[] }> {
    const events: GitEvent[] = [];
    const target = join(place, name);
    const request = requestFor(url, { cache, events, ...(signal && { signal }) });
    const reference = await materialize({ ...request, resolution: { commit }, target });
    return {
      target,
      reference,
      warnings: events.flatMap((event) => (event.phase === "warning" ? [event.problem.code] : [])),
    };
  }

  async function expectWhole(target: string): Promise<void> {
    // the files are read: the index alone does not tell
    await rm(join(target, ".git/index"));
    await git(target, ["read-tree", "HEAD"]);
    expect(await git(target, ["status", "--porcelain"])).toBe("");
  }

  it("and is the same", async () => {
    const all = await Promise.all(["a", "b", "c"].map((name) => written(name)));
    expect(threads.size).toBeGreaterThan(0);
    for (const { target, reference } of all) {
      expect(reference.cache).toBe("hit");
      expect(await git(target, ["status", "--porcelain"])).toBe("");
      await expectWhole(target);
    }
  });

  it("and what one of them finds damaged is made anew, and told", async () => {
    await written("before");
    const [layer] = (await readdir(cache, { recursive: true })).filter((path) => path.endsWith("/layer-1"));
    const file = await open(join(cache, layer!), "r+");
    // the first piece, which a thread takes that is there
    await file.write("?", 0);
    await file.close();
    expect(threads.size).toBeGreaterThan(0);
    const { target, reference, warnings } = await written("damaged");
    expect(warnings).toEqual(["CACHE_DAMAGED"]);
    expect(reference.cache).not.toBe("hit");
    await expectWhole(target);
  });

  it("and none of them writes any more when the caller has ended it", async () => {
    const signal = new AbortController();
    const ending = setInterval(() => {
      if (threads.size > 0) signal.abort();
    }, 60);
    await expect(written("ended", signal.signal)).rejects.toMatchObject({ code: "INTERRUPTED" });
    clearInterval(ending);
    expect((await readdir(place)).filter((name) => name !== "cache" && /ended|bowline/.test(name))).toEqual([]);
  });

  it.skipIf(notRoot)(`and a full disk is told, with nothing left there${notRoot}`, async () => {
    const disk = join(place, "disk");
    await mkdir(disk);
    spawnSync("mount", ["-t", "tmpfs", "-o", `nr_inodes=${FILES - 2_000}`, "tmpfs", disk]);
    try {
      await expect(written("disk/repo")).rejects.toMatchObject({ code: "DISK_FULL" });
      expect(threads.size).toBeGreaterThan(0);
      expect(await readdir(disk)).toEqual([]);
    } finally {
      spawnSync("umount", ["-l", disk]);
    }
  });

  it("and they are ended when there is nothing more to do", async () => {
    await written("last");
    expect(threads.size).toBeGreaterThan(0);
    await vi.waitUntil(() => threads.size === 0, { timeout: 10_000 });
  });

  it("and a process that has nothing else to do ends", async () => {
    const script = `
      import { DEFAULT_GIT_OPTIONS, DEFAULT_POLICY, materialize, networkFrom } from ${JSON.stringify(join(process.cwd(), "dist/index.js"))};
      let threads = 0;
      process.on("worker", () => (threads += 1));
      const [url, commit, cache, target] = process.argv.slice(1);
      const request = { url, options: DEFAULT_GIT_OPTIONS, policy: DEFAULT_POLICY, network: networkFrom(process.env), cache, findCredential: async () => undefined };
      const { cache: answer } = await materialize({ ...request, resolution: { commit }, target });
      console.log(answer, threads > 0);
    `;
    const words = ["--input-type=module", "-e", script, url, commit, cache, join(place, "process")];
    const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: 20_000 });
    expect(stdout).toBe("hit true\n");
    await expectWhole(join(place, "process"));
  });
});
