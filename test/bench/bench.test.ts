import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/index.ts";

const script = fileURLToPath(new URL("../../bench/bench.js", import.meta.url));

interface Line {
  id: string;
  name: string;
  ms: number;
  ratio: number;
  requests: number;
  bytes: number;
  goal?: string;
  met?: boolean;
  rss?: number;
  error?: string;
}

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [script, ...args], { encoding: "utf8", timeout: 300_000 });
}

/** Says that the harness works, never how fast anything is. */
test("every contender of every kind of row is measured, on tiny repositories", { timeout: 300_000 }, async () => {
  const repositories = await temporaryFolder();
  const only = "--only=cold-S,far-S,tls-far-S,cold-R,warm-ram,next-L,eight,hundred,version,first-byte";
  const peer = "--peer=plain=git clone --quiet {url} {dir} && test {rev}";
  const ended = bench("--tiny", "--runs=1", only, peer, `--repositories=${repositories}`, "-o", "json");
  expect(ended.stderr).toBe("");
  const { lines, machine } = JSON.parse(ended.stdout) as { lines: Line[]; machine: object };
  expect(lines.filter(({ error }) => error !== undefined)).toEqual([]);
  expect(ended.status).toBe(0);
  expect(machine).toMatchObject({ node: process.versions.node, git: expect.stringMatching(/^\d+\.\d+/) });
  const named = (id: string): string[] => lines.filter((line) => line.id === id).map(({ name }) => name);
  expect(named("cold-S")).toEqual(["raw git", "library", "process", "git clone --depth 1", "git clone", "plain"]);
  expect(named("next-L")).toEqual(["git pull, cp -a", "library", "process"]);
  expect(named("first-byte")).toEqual(["node -e 0", "process"]);
  for (const line of lines) expect(line).toMatchObject({ ms: expect.any(Number), ratio: expect.any(Number) });
  const raw = lines.find(({ id, name }) => id === "cold-S-commit" && name === "raw git");
  expect(raw).toMatchObject({ ratio: 1, requests: 2 });
  expect(raw!.bytes).toBeGreaterThan(1000);
  const goals = lines.filter(({ goal }) => goal !== undefined);
  expect(goals.map(({ id, goal }) => `${id} ${goal}`)).toContain("warm-ram ≤ 0.75 + 1.5 starts");
  for (const line of goals) expect(line.met).toBeTypeOf("boolean");
  expect(lines.find(({ id, name }) => id === "hundred-warm" && name === "processes")!.rss).toBeGreaterThan(1e7);
});

test("a contender that fails, or does half the work, is told and ends the bench with 1", async () => {
  const repositories = await temporaryFolder();
  const peers = ["--peer=broken=exit 7", "--peer=lazy=mkdir {dir} && touch {dir}/file"];
  const ended = bench("--tiny", "--runs=1", "--only=cold-S-commit", ...peers, `--repositories=${repositories}`);
  expect(ended.stdout).toMatch(/broken +failed/);
  expect(ended.stdout).toMatch(/lazy failed: it left 1 files instead of \d+/);
  expect(ended.stdout).toMatch(/^ +library +[\d.]+ m?s +[\d.]+ +[\d.]+ +≤ 0.75 +(yes|no) +\d /m);
  expect(ended.status).toBe(1);
});

test("what it is asked is checked before anything is made", () => {
  expect(bench("--only=nothing")).toMatchObject({ status: 2, stderr: expect.stringContaining('no row "nothing"') });
  expect(bench("--runs=0")).toMatchObject({ status: 2, stderr: expect.stringContaining("--runs takes a number") });
  expect(bench("--list").stdout).toMatch(/^cold-S +cold, S, branch, loopback$/m);
});
