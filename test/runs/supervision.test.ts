import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beforeAll, expect, test } from "vitest";
import type { RunRecord } from "../../src/runs/index.ts";
import { openSqlite } from "../../src/lib/sqlite.ts";
import { buildCommand } from "./build-command.ts";
import { openHarness } from "./harness.ts";
import { isLiving, until } from "./living.ts";

let command: string;
beforeAll(async () => {
  command = await buildCommand();
});

const env = { PATH: process.env.PATH };

/** Starts a supervisor in a process of its own; gives its process and the record it made. */
async function superviseElsewhere(home: object, script: string) {
  const child = spawn(process.execPath, [command, JSON.stringify(home), "start", script], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await createInterface({ input: child.stdout })
    [Symbol.asyncIterator]()
    .next()
    .then(({ value }) => [value])) as [string];
  return { child, record: JSON.parse(line) as RunRecord };
}

function detach(home: object, script: string): RunRecord {
  const { stdout, stderr } = spawnSync(process.execPath, [command, JSON.stringify(home), "detach", script], {
    env,
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as RunRecord;
}

test("kill -9 of the supervisor: its reaper ends the job, and the next command tells that the run was lost", async () => {
  const { runs, home, texts } = openHarness();
  const { child, record } = await superviseElsewhere(home, "setsid sleep 1000 & echo $! $$; exec sleep 1001");
  const pids = await until(async () => (await texts(record))[0]?.split(" ").map(Number));
  expect(pids.every(isLiving)).toBe(true);
  child.kill("SIGKILL");
  // Without any command: the reaper alone.
  await until(() => !pids.some(isLiving));
  await until(() => !existsSync(join(home.state, "runs", record.uuid, "private")));
  const [lost] = await runs.list();
  expect(lost).toMatchObject({
    uuid: record.uuid,
    status: "failed",
    reason: "RUN_LOST",
    errors: [{ code: "RUN_LOST" }],
  });
  expect(await runs.sweep()).toEqual({ lost: [], expired: [] });
});

test("kill -9 of supervisor and reaper: the next command ends what is left", async () => {
  const { runs, home, texts } = openHarness();
  const { child, record } = await superviseElsewhere(home, "trap '' TERM; echo $$; while :; do sleep 0.1; done");
  const pid = Number(await until(async () => (await texts(record))[0]));
  const reaper = spawnSync("pgrep", ["-P", String(child.pid), "-f", "bowline-reaper"], {
    encoding: "utf8",
  }).stdout.trim();
  process.kill(Number(reaper), "SIGKILL");
  child.kill("SIGKILL");
  await until(() => !isLiving(child.pid ?? 0));
  expect(isLiving(pid)).toBe(true);
  expect(await runs.get(record.uuid)).toMatchObject({ status: "failed", reason: "RUN_LOST" });
  expect(isLiving(pid)).toBe(false);
});

test("a detached run goes on without the command that started it", async () => {
  const { runs, home, texts } = openHarness();
  const record = detach(home, "echo up; while [ ! -e go ]; do sleep 0.05; done; echo end");
  expect(record.startedAt).toBeDefined();
  await until(async () => (await runs.get(record.uuid)).status === "running");
  const seen: string[] = [];
  for await (const line of runs.logs(record.uuid, { follow: true })) {
    seen.push(line.text);
    if (line.text === "up") spawnSync("touch", [join(home.state, "runs", record.uuid, "artifacts", "go")]);
  }
  expect(seen).toEqual(["up", "end"]);
  expect(await runs.get(record.uuid)).toMatchObject({ status: "succeeded" });
  expect(await texts(record)).toEqual(["up", "end"]);
});

test("a detached run is stopped from elsewhere", async () => {
  const { runs, home } = openHarness();
  const record = detach(home, "exec sleep 1000");
  const statuses: string[] = [];
  const watching = (async () => {
    for await (const { status } of runs.watch(record.uuid)) statuses.push(status);
  })();
  expect(await runs.stop(record.uuid)).toMatchObject({ status: "stopped" });
  await watching;
  expect(statuses.at(-1)).toBe("stopped");
  const { supervisorPid } = await runs.describe(record.uuid);
  await until(() => !isLiving(supervisorPid!));
});

test("a supervisor that cannot start leaves a failed run", async () => {
  const { runs, home } = openHarness({ superviseCommand: ["sh", "-c", "echo no way >&2; exit 1", "sh"] });
  const places = runs.prepare();
  const { planOf } = await import("./plans.ts");
  const record = await runs.startDetached({
    places,
    plan: planOf({ command: ["true"] }, { artifactsPath: places.artifactsPath }),
  });
  expect(record).toMatchObject({
    status: "failed",
    errors: [{ code: "INTERNAL", message: expect.stringContaining("no way") }],
  });
  expect(home.state).toBeDefined();
});

test("two processes at once lose nothing", async () => {
  const { runs, home } = openHarness();
  const children = [1, 2, 3].map(() =>
    spawn(process.execPath, [command, JSON.stringify(home), "many", "8"], { env, stdio: "inherit" }),
  );
  const codes = await Promise.all(children.map((child) => new Promise((resolve) => void child.once("exit", resolve))));
  expect(codes).toEqual([0, 0, 0]);
  const records = await runs.list({ limit: 100 });
  expect(records.map(({ status }) => status)).toEqual(Array(24).fill("succeeded"));
  expect(readdirSync(join(home.state, "runs"))).toHaveLength(24);
});

test("a supervisor that cannot be seen from here is judged by its signs of life", async () => {
  const { runs, home, texts } = openHarness();
  const { child, record } = await superviseElsewhere(home, "echo up; exec sleep 1000");
  await until(async () => (await texts(record))[0]);
  // as a container sees it that shares the folder
  const supervisor = { host: "elsewhere pid:[1]", boot: "b", pid: 7, start: "1" };
  const database = await openSqlite(join(home.data, "runs.db"), { timeout: 5000 });
  database.prepare("update runs set supervisor = ? where uuid = ?").run(JSON.stringify(supervisor), record.uuid);
  database.close();
  expect(await runs.get(record.uuid)).toMatchObject({ status: "running" });

  const alive = join(home.state, "runs", record.uuid, "alive");
  const anHourAgo = new Date(Date.now() - 3_600_000);
  await utimes(alive, anHourAgo, anHourAgo);
  // the machine slept, say: the next sign comes while it is looked at again
  expect(await runs.get(record.uuid)).toMatchObject({ status: "running" });

  child.kill("SIGKILL");
  await until(() => !isLiving(child.pid ?? 0));
  await utimes(alive, anHourAgo, anHourAgo);
  expect(await runs.get(record.uuid)).toMatchObject({
    status: "failed",
    reason: "RUN_LOST",
    message: "the process 7 of elsewhere that watched over the run is gone: it gives no sign of life any more",
  });
});
