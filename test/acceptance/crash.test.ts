import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newDesk, type Desk } from "../cli/bowline.ts";
import { checkRunRecord } from "../support/contract.ts";
import { startGitServer, type GitServer, type Repository } from "../support/index.ts";
import { noProc, processesOf, until } from "./processes.ts";

const TOKEN = "t0ken@/#%? of a run that is killed";
const ROUNDS = Number(process.env["BOWLINE_KILL_ROUNDS"] ?? 8);

type RunRecord = ReturnType<typeof checkRunRecord>;

let server: GitServer;
let train: Repository;

beforeAll(async () => {
  server = await startGitServer({ accounts: [{ token: TOKEN, access: ["org"] }] });
  train = await server.add("org/train");
  await server.add("org/data");
});

afterAll(() => server.close());

describe.skipIf(noProc)(`kill -9 at random moments${noProc ? ` (skipped: ${noProc})` : ""}`, () => {
  test(
    `of ${ROUNDS} runs: none is lost or told wrongly, no half target, no orphan, no secret left`,
    async () => {
      const desk = await newDesk();
      await prepare(desk);
      const whole = await durationOfOne(desk);
      const known: { uuid: string; round: Round }[] = [];
      for (let count = 0; count < ROUNDS; count += 1) {
        const round: Round = {
          detached: count % 2 === 1,
          supervisorToo: count % 4 === 3,
          after: Math.round(Math.random() * whole * 1.2),
        };
        const before = await runsOf(desk);
        const printed = await killOne(desk, round);
        const after = await runsOf(desk);
        if (printed !== undefined) {
          const found = after.filter(({ uuid }) => uuid.startsWith(printed));
          expect(found, `the run ${printed} that was shown is on record, ${JSON.stringify(round)}`).toHaveLength(1);
          known.push({ uuid: found[0]!.uuid, round });
        }
        expect(after.length - before.length).toBeLessThanOrEqual(1);
        // The one whose supervisor was killed is settled by the next command; another is seen to its end.
        await until(
          async () => (await runsOf(desk)).every(({ status }) => FINAL.has(status)),
          () => `all runs are over: ${JSON.stringify(round)}`,
        );
        expect(left(desk), JSON.stringify(round)).toEqual([]);
      }
      const runs = await runsOf(desk);
      for (const { uuid, round } of known) {
        const record = runs.find((run) => run.uuid === uuid);
        expect(record, `${uuid} ${JSON.stringify(round)}`).toBeDefined();
        await judgeTruth(desk, record!);
        // Killing the command that waits for a detached run does nothing to the run.
        if (round.detached && !round.supervisorToo && record!.startedAt) expect(record!.status).toBe("succeeded");
      }
      for (const { uuid } of runs) judgeTargets(join(desk.env["BOWLINE_HOME"]!, "state/runs", uuid, "artifacts"));
      // A reaper that has nothing left to do looks once a second.
      await until(
        () => processesOf(desk.folder).length === 0,
        () => `no process is left: ${JSON.stringify(processesOf(desk.folder))}`,
      );
      expect(filesWithToken(desk)).toEqual([]);
      const next = await desk.bowline(["run", ...JOB]);
      expect(next).toMatchObject({ exitCode: 0, stdout: "in\nout\n" });
    },
    60_000 + ROUNDS * 6_000,
  );
});

const JOB = ["-f", "job.yaml", "--config", "bowline.yaml"];
const FINAL = new Set(["succeeded", "failed", "stopped"]);

interface Round {
  detached: boolean;
  supervisorToo: boolean;
  /** Milliseconds from the start to the kill. */
  after: number;
}

/** A job with secrets in files of its own and a grandchild that leaves its group. */
async function prepare(desk: Desk): Promise<void> {
  const connection = (name: string): object => ({
    ...{ name, kind: "git", schema: { url: `${server.url}/org/${name}` } },
    secret: { name: "git-secret", ...(name === "data" ? { mountPath: "/secret-files" } : {}) },
  });
  const connections = ["train", "data"].map(connection);
  await desk.write("bowline.yaml", `${JSON.stringify({ connections })}\n`);
  const command = ["sh", "-c", "echo in; sleep 0.2; (setsid sleep 77 &) ; sleep 0.3; git fetch -q; echo out"];
  const init = ["train", "data"].map((name) => ({ connection: name }));
  const run = { kind: "job", connections: ["train"], init, container: { command, workingDir: "train" } };
  await desk.write("job.yaml", `${JSON.stringify({ run })}\n`);
  const input = `:${TOKEN}`;
  await desk.bowline(["secrets", "set", "git-secret", "POLYAXON_GIT_CREDENTIALS"], { input });
}

async function durationOfOne(desk: Desk): Promise<number> {
  const begun = performance.now();
  const { exitCode, stderr } = await desk.bowline(["run", ...JOB]);
  expect(exitCode, stderr).toBe(0);
  return performance.now() - begun;
}

/** Starts a run and kills it; gives the short uuid that it had shown by then. */
async function killOne(desk: Desk, { detached, supervisorToo, after }: Round): Promise<string | undefined> {
  const child = desk.start(["run", ...JOB, ...(detached ? ["-d"] : [])]);
  let shown = "";
  for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk) => (shown += String(chunk)));
  const ended = once(child, "exit");
  await Promise.race([ended, sleep(after)]);
  child.kill("SIGKILL");
  await ended;
  if (supervisorToo) {
    await sleep(Math.random() * 500);
    for (const { pid, line } of processesOf(desk.folder)) if (line.includes("\0supervise\0")) kill(pid);
  }
  await sleep(20);
  for (const stream of [child.stdout!, child.stderr!]) stream.destroy();
  return /\brun ([0-9a-f]{8})\b/.exec(shown)?.[1] ?? /^[0-9a-f]{8}(?=-)/m.exec(shown)?.[0];
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

async function runsOf(desk: Desk): Promise<RunRecord[]> {
  const { stdout, stderr } = await desk.bowline(["ps", "-o", "json"]);
  expect(stderr).not.toContain("bug");
  return (JSON.parse(stdout) as unknown[]).map(checkRunRecord);
}

/** Processes of any run, and what is left of the secret files of runs that are over. */
function left(desk: Desk): string[] {
  const orphans = processesOf(desk.folder).filter(({ environment }) => environment.includes("BOWLINE_RUN_UUID="));
  const runs = join(desk.env["BOWLINE_HOME"]!, "state/runs");
  const folders = readdirSync(runs).map((uuid) => join(runs, uuid, "private"));
  return [...orphans.map(({ line }) => line), ...folders.filter((folder) => existsSync(folder))];
}

/** What the record says is what the log shows. */
async function judgeTruth(desk: Desk, record: RunRecord): Promise<void> {
  const { stdout } = await desk.bowline(["logs", record.uuid]);
  if (record.status === "succeeded") {
    expect(record).toMatchObject({ exitCode: 0, codeReferences: [{ connection: "train" }, { connection: "data" }] });
    expect(stdout).toBe("in\nout\n");
  } else {
    expect(record).toMatchObject({ status: "failed", reason: "RUN_LOST", errors: [{ code: "RUN_LOST" }] });
    expect(record.exitCode).toBeUndefined();
  }
  expect(record.finishedAt).toBeDefined();
}

/** Each folder of a repository is whole: at its commit, nothing changed, nothing missing. */
function judgeTargets(artifacts: string): void {
  for (const name of ["train", "data"]) {
    const cwd = join(artifacts, name);
    if (!existsSync(cwd)) continue;
    const git = (...words: string[]): string => {
      const { stdout, stderr, status } = spawnSync("git", words, { cwd, encoding: "utf8" });
      expect(status, stderr).toBe(0);
      return stdout;
    };
    expect(git("rev-parse", "HEAD").trim()).toBe(train.commits["main"]);
    expect(git("status", "--porcelain")).toBe("");
    git("fsck", "--strict");
  }
}

function filesWithToken(desk: Desk): string[] {
  const { stdout } = spawnSync("grep", ["-rlaF", TOKEN, desk.folder], { encoding: "utf8" });
  return stdout.split("\n").filter((file) => file !== "" && statSync(file).isFile());
}
