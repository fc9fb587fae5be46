import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { materialize, type GitRequest } from "../../src/git/index.ts";
import { childScript, type ChildScript } from "../support/child-script.ts";
import { git, startGitServer, temporaryFolder, type GitServer } from "../support/index.ts";
import { requestFor } from "./request.ts";

/** `npm run soak` has 500. */
const ROUNDS = Number(process.env["BOWLINE_CRASH_ROUNDS"] ?? 50);
const SEED = Number(process.env["BOWLINE_CRASH_SEED"] ?? Date.now() % 1_000_000);

let server: GitServer;
let commits: string[];
let script: ChildScript;

beforeAll(async () => {
  server = await startGitServer();
  const files = (round: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`d${at % 9}/f${at}`, `${at} of ${round}\n`.repeat(40)]));
  const named = Array.from({ length: 4 }, (_, round) => ({ name: `c${round}`, files: files(round) }));
  const made = await server.add("org/test", { commits: named });
  commits = named.map(({ name }) => made.commits[name]!);
  script = await childScript(`
    import { materialize } from "#src/git/index.ts";
    import { DEFAULT_POLICY } from "#src/config/index.ts";
    const request = JSON.parse(args[0]);
    await materialize({ ...request, policy: DEFAULT_POLICY, findCredential: async () => undefined });
  `);
});
afterAll(async () => {
  script.remove();
  await server.close();
});

/** The same numbers for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

interface Job {
  commit: string;
  target: string;
  cache: string;
  options: GitRequest["options"];
}

function start({ commit, ...more }: Job): ChildProcess {
  const { url, network } = requestFor(`${server.url}/org/test.git`);
  const request = { url, network, resolution: { commit }, ...more };
  return spawn(process.execPath, [script.file, JSON.stringify(request)], { stdio: "ignore" });
}

function exited(child: ChildProcess): Promise<unknown> {
  return new Promise((done) => child.once("close", done));
}

async function isWhole({ target, commit }: Pick<Job, "target" | "commit">): Promise<void> {
  expect(await git(target, ["rev-parse", "HEAD"])).toBe(commit);
  expect(await git(target, ["status", "--porcelain"])).toBe("");
  expect(await git(target, ["fsck", "--strict"])).toBe("");
}

it(
  `${ROUNDS} times kill -9 at a random moment, with a shared cache: no wrong, half or stuck result (seed ${SEED})`,
  { timeout: 60_000 + ROUNDS * 6_000 },
  async () => {
    const random = randomFrom(SEED);
    const parent = await temporaryFolder();
    let cache = join(await temporaryFolder(), "cache");
    const jobOf = (name: string): Job => {
      const options = { ...requestFor("").options };
      if (random(4) === 0) options.history = "full";
      return { commit: commits[random(commits.length)]!, target: join(parent, name), cache, options };
    };
    const began = performance.now();
    await exited(start(jobOf("first")));
    const whole = Math.max(100, performance.now() - began);
    for (let round = 0; round < ROUNDS; round += 1) {
      // half of the rounds begin with nothing kept; the others with what killed processes left there
      if (random(2) === 0) cache = join(await temporaryFolder(), "cache");
      const victims = Array.from({ length: 1 + random(2) }, (_, at) => jobOf(`victim${round}-${at}`));
      const children = victims.map(start);
      const ends = children.map(exited);
      const survivor = { ...jobOf(`survivor${round}`), ...(random(2) === 0 && { commit: victims[0]!.commit }) };
      const surviving = materialize({
        ...requestFor(`${server.url}/org/test.git`, { cache, options: survivor.options }),
        resolution: { commit: survivor.commit },
        target: survivor.target,
      });
      surviving.catch(() => undefined);
      await sleep(random(whole * 1.2));
      for (const child of children) child.kill("SIGKILL");
      await Promise.all(ends);
      await surviving;
      await isWhole(survivor);
      for (const victim of victims) if (existsSync(victim.target)) await isWhole(victim);
      await Promise.all([survivor, ...victims].map(({ target }) => rm(target, { recursive: true, force: true })));
    }
    for (const [at, commit] of commits.entries()) {
      const target = join(parent, `last${at}`);
      const request = requestFor(`${server.url}/org/test.git`, { cache });
      await materialize({ ...request, resolution: { commit }, target });
      await isWhole({ target, commit });
    }
    // what killed processes left beside the targets is gone, too
    expect((await readdir(parent)).filter((name) => name.startsWith("."))).toEqual([]);
  },
);
