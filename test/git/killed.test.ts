import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { materialize } from "../../src/git/index.ts";
import { childScript } from "../support/child-script.ts";
import { git, startGitServer, temporaryFolder } from "../support/index.ts";
import { networkOfTest, requestFor } from "./request.ts";

it("a process that is killed at any moment leaves no half target, and the next one sweeps what it left", async () => {
  const server = await startGitServer();
  const files = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f${index}`, `${index}`.repeat(50)]));
  const made = await server.add("org/test", { commits: [{ files }] });
  const url = `${server.url}/org/test.git`;
  const script = await childScript(`
    import { materialize } from "#src/git/index.ts";
    import { DEFAULT_POLICY } from "#src/config/index.ts";
    const [url, commit, target, network] = args;
    await materialize({ url, target, resolution: { commit }, policy: DEFAULT_POLICY, network: JSON.parse(network),
      options: { history: 1, tags: false, submodules: false, lfs: false, sparse: [] }, findCredential: async () => undefined });
  `);
  const commit = made.commits["main"]!;
  const parent = await temporaryFolder();
  for (let round = 0; round < 12; round += 1) {
    const target = join(parent, `repo${round}`);
    const child = spawn(process.execPath, [script.file, url, commit, target, JSON.stringify(networkOfTest())], {
      stdio: "ignore",
    });
    const closed = new Promise((done) => child.once("close", done));
    await sleep(40 + round * 15);
    child.kill("SIGKILL");
    await closed;
    const whole = !existsSync(target) || (await git(target, ["status", "--porcelain"])) === "";
    expect(whole).toBe(true);
  }
  script.remove();
  // a git whose parent was killed may take a moment to end, and whoever comes next sweeps what it left
  const left = async (): Promise<string[]> => (await readdir(parent)).filter((name) => name.startsWith("."));
  for (let tries = 0; tries === 0 || (tries < 20 && (await left()).length > 0); tries += 1) {
    await sleep(250);
    await materialize({ ...requestFor(url), resolution: { commit }, target: join(parent, `last${tries}`) });
  }
  expect(await left()).toEqual([]);
  await server.close();
});

it("one that is killed while it renews a kept history leaves no history without its branches", async () => {
  const server = await startGitServer();
  const commits = [
    { name: "first", files: { a: "1" } },
    { name: "second", files: { a: "2" } },
  ];
  const made = await server.add("org/test", { commits });
  const url = `${server.url}/org/test.git`;
  const cache = await temporaryFolder();
  const plain = requestFor(url, { cache });
  const request = { ...plain, options: { ...plain.options, history: "full" as const } };
  const first = { commit: made.commits["first"]! };
  const parent = await temporaryFolder();
  await materialize({ ...request, resolution: first, target: join(parent, "before") });
  const script = await childScript(`
    import { materialize } from "#src/git/index.ts";
    import { DEFAULT_POLICY } from "#src/config/index.ts";
    await materialize({ ...JSON.parse(args[0]), policy: DEFAULT_POLICY, findCredential: async () => undefined });
  `);
  const { network, options } = request;
  const asked = {
    url,
    cache,
    network,
    options,
    target: join(parent, "killed"),
    resolution: { commit: "b0".repeat(20) },
  };
  server.faults.push({ delay: 60_000 });
  server.requests.length = 0;
  const child = spawn(process.execPath, [script.file, JSON.stringify(asked)], { stdio: "ignore" });
  const closed = new Promise((done) => child.once("close", done));
  while (server.requests.length === 0) await sleep(20);
  child.kill("SIGKILL");
  await closed;
  script.remove();
  server.faults.length = 0;
  const target = join(parent, "after");
  await materialize({ ...request, resolution: first, target });
  expect(await git(target, ["rev-parse", "origin/main"])).toBe(made.commits["main"]);
  expect(await git(target, ["fsck", "--strict"])).toBe("");
  await server.close();
});
