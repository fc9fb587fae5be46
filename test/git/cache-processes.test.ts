import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { canDropRights, childScript } from "../support/child-script.ts";
import { git, startGitServer, temporaryFolder } from "../support/index.ts";

const SCRIPT = `
  import { materialize } from "#src/git/index.ts";
  import { DEFAULT_POLICY } from "#src/config/index.ts";
  const [url, commit, target, cache, searchPath] = args;
  const warnings = [];
  const reference = await materialize({ url, target, cache, resolution: { commit }, policy: DEFAULT_POLICY, network: { searchPath },
    onEvent: (event) => event.phase === "warning" && warnings.push(event.problem.code),
    options: { history: 1, tags: false, submodules: false, lfs: false, sparse: [] }, findCredential: async () => undefined });
  print({ cache: reference.cache, warnings });
`;

describe.skipIf(!canDropRights)(`a cache that cannot be written${canDropRights ? "" : " (skipped: not root)"}`, () => {
  it("gives what it has, and is done without for the rest", async () => {
    const open = await startGitServer();
    const made = await open.add("org/open", {
      commits: [
        { name: "x", files: { x: "1" } },
        { name: "y", files: { y: "1" } },
      ],
    });
    const url = `${open.url}/org/open.git`;
    const script = await childScript(SCRIPT);
    const home = await temporaryFolder();
    await chmod(home, 0o777);
    const place = join(home, "cache");
    const at = (name: string): string[] => [
      url,
      made.commits[name]!,
      join(home, `t-${Math.random()}`),
      place,
      process.env["PATH"]!,
    ];
    const options = { unprivileged: true, env: { TMPDIR: home } };
    expect(await script.run(at("x"), options)).toEqual({ cache: "miss", warnings: [] });
    for (const path of ["", ...(await readdir(place, { recursive: true }))]) {
      const whole = join(place, path);
      await chmod(whole, statSync(whole).isDirectory() ? 0o555 : 0o444);
    }
    expect(await script.run(at("x"), options)).toEqual({ cache: "hit", warnings: [] });
    expect(await script.run(at("y"), options)).toEqual({ cache: "miss", warnings: ["CACHE_NOT_USED"] });
    script.remove();
    await open.close();
  });
});

const ROUNDS = Number(process.env["BOWLINE_KILL_ROUNDS"] ?? 12);

it(
  `${ROUNDS} rounds of kill -9 with a shared cache leave nothing wrong, half or stuck`,
  async () => {
    const open = await startGitServer();
    const files = (round: number) =>
      Object.fromEntries(
        Array.from({ length: 200 }, (_, at) => [`d${at % 9}/f${at}`, `${at % 7 === 0 ? round : 0} ${at}\n`.repeat(40)]),
      );
    const names = Array.from({ length: 4 }, (_, at) => `c${at}`);
    const made = await open.add("org/killed", { commits: names.map((name, at) => ({ name, files: files(at) })) });
    const url = `${open.url}/org/killed.git`;
    const script = await childScript(SCRIPT);
    const home = await temporaryFolder();
    const place = join(home, "cache");
    await mkdir(join(home, "targets"));
    for (let round = 0; round < ROUNDS; round += 1) {
      const started = [0, 1, 2].map((number) => {
        const target = join(home, "targets", `${round}-${number}`);
        const commit = made.commits[names[(round + number) % 4]!]!;
        const child = spawn(process.execPath, [script.file, url, commit, target, place, process.env["PATH"]!], {
          stdio: "ignore",
        });
        return { target, commit, child, closed: new Promise((done) => child.once("close", done)) };
      });
      for (const { child } of started.slice(1)) {
        await sleep(Math.random() * 250);
        child.kill("SIGKILL");
      }
      await Promise.all(started.map(({ closed }) => closed));
      for (const [number, { target, commit }] of started.entries()) {
        if (number === 0) expect(existsSync(target)).toBe(true);
        if (!existsSync(target)) continue;
        expect(await git(target, ["rev-parse", "HEAD"])).toBe(commit);
        await rm(join(target, ".git/index"));
        await git(target, ["read-tree", "HEAD"]);
        expect(await git(target, ["status", "--porcelain"])).toBe("");
        expect(await git(target, ["fsck", "--strict"])).toBe("");
      }
    }
    const last = await script.run([url, made.commits["c0"]!, join(home, "last"), place, process.env["PATH"]!]);
    expect(last).toMatchObject({ warnings: [] });
    script.remove();
    await open.close();
  },
  60_000 + ROUNDS * 5_000,
);

const noTmpfs = process.getuid?.() === 0 && process.platform === "linux" ? undefined : "not root on Linux";

it.skipIf(noTmpfs)(
  `a cache on a full disk is done without, and the target is whole${noTmpfs ? ` (skipped: ${noTmpfs})` : ""}`,
  async () => {
    const open = await startGitServer();
    const noise = Array.from({ length: 90_000 }, (_, at) => ((at * 7919) % 65_521).toString(36)).join("");
    const made = await open.add("org/large", {
      commits: [{ files: { a: noise, b: noise.slice(9), c: noise.slice(99) } }],
    });
    const script = await childScript(SCRIPT);
    const home = await temporaryFolder();
    for (const kilobytes of [60, 300, 700, 1100]) {
      const disk = join(home, `disk-${kilobytes}`);
      await mkdir(disk);
      spawnSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", disk]);
      try {
        const target = join(home, `target-${kilobytes}`);
        const place = join(disk, "cache");
        const words = [`${open.url}/org/large.git`, made.commits["main"]!, target, place, process.env["PATH"]!];
        const { warnings } = (await script.run(words)) as { warnings: string[] };
        expect(warnings.length).toBeGreaterThan(0);
        for (const code of warnings) expect(code).toMatch(/^CACHE_NOT_(USED|KEPT)$/);
        await rm(join(target, ".git/index"));
        await git(target, ["read-tree", "HEAD"]);
        expect(await git(target, ["status", "--porcelain"])).toBe("");
        expect(await git(target, ["fsck", "--strict"])).toBe("");
      } finally {
        spawnSync("umount", [disk]);
      }
    }
    script.remove();
    await open.close();
  },
);
