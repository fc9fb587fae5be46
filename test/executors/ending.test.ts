import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Attached, LogLine, RunRecord } from "../../src/runs/index.ts";
import { exitCodeOf } from "../../src/runs/index.ts";
import { isLiving, until } from "../runs/living.ts";
import { openHarness } from "../runs/harness.ts";

const { runs, home, sh, texts } = openHarness();

/** Starts a script and waits until it said a line; gives the line, the uuid and the end. */
async function started(script: string, rest = {}, attached: Attached = {}) {
  const lines: LogLine[] = [];
  let uuid = "";
  const end = sh(script, rest, {
    ...attached,
    onEvent: (event) => {
      if (event.type === "created") uuid = event.record.uuid;
      if (event.type === "log") lines.push(event.line);
    },
  });
  const first = await until(() => lines[0]?.text);
  return { first, uuid, end };
}

test("stop is TERM, which the job may answer", async () => {
  const { uuid, end } = await started("trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.1; done");
  const stopped = await runs.stop(uuid);
  expect(stopped).toMatchObject({ status: "stopped", reason: "Stopped", exitCode: 7 });
  expect(await end).toEqual(stopped);
  expect(await texts(stopped)).toContain("bye");
  expect(stopped.statuses.map(({ status }) => status).slice(-2)).toEqual(["stopping", "stopped"]);
});

test("who does not heed TERM is killed after the grace period", async () => {
  const { uuid, first, end } = await started("trap '' TERM; echo $$; while :; do sleep 0.1; done");
  expect(await runs.stop(uuid, { grace: 300 })).toMatchObject({ status: "stopped", exitCode: 137 });
  await end;
  expect(isLiving(Number(first))).toBe(false);
});

test("kill leaves no grace", async () => {
  const kill = new AbortController();
  const stop = new AbortController();
  const { end } = await started(
    "trap '' TERM; echo up; while :; do sleep 0.1; done",
    {},
    { stop: stop.signal, kill: kill.signal },
  );
  stop.abort();
  kill.abort();
  expect(await end).toMatchObject({ status: "stopped", exitCode: 137 });
});

test("stop reaches grandchildren in a session of their own", async () => {
  const { uuid, first, end } = await started(
    "setsid sh -c 'trap \"\" HUP; echo $$; exec sleep 1000' & setsid env -i sleep 1001 & wait",
  );
  await runs.stop(uuid, { grace: 1000 });
  await end;
  expect(isLiving(Number(first))).toBe(false);
});

test("grandchildren in a session of their own end with a job that succeeds, too", async () => {
  const record = await sh("setsid sh -c 'echo $$; exec >/dev/null 2>&1 sleep 1000' & sleep 0.5");
  expect(record.status).toBe("succeeded");
  const [pid] = await texts(record);
  expect(isLiving(Number(pid))).toBe(false);
});

test("a timeout ends the run and is its reason", async () => {
  const record = await sh("exec sleep 1000", { termination: { maxRetries: 3, timeout: 1 } });
  expect(record).toMatchObject({ status: "failed", reason: "Timeout", errors: [{ code: "RUN_TIMEOUT" }] });
  expect(exitCodeOf(record)).toBe(124);
});

test("the timeout counts over all attempts", async () => {
  const record = await sh("echo try; sleep 0.4; exit 1", { termination: { maxRetries: 100, timeout: 1 } });
  expect(record).toMatchObject({ status: "failed", reason: "Timeout" });
  expect((await texts(record)).filter((text) => text === "try").length).toBeLessThan(5);
});

test("a job that fails is tried again in the same folder", async () => {
  const record = await sh("echo x >> tries; test $(wc -l < tries) = 3", { termination: { maxRetries: 4 } });
  expect(record).toMatchObject({ status: "succeeded", exitCode: 0 });
  expect(record.statuses.filter(({ reason }) => reason === "Retry")).toHaveLength(2);
});

test("attempts are used up", async () => {
  const record = await sh("echo try; exit 4", { termination: { maxRetries: 2 } });
  expect(record).toMatchObject({ status: "failed", exitCode: 4 });
  expect((await texts(record)).filter((text) => text === "try")).toHaveLength(3);
});

test("a service that ends is started again, then failed, also with exit code 0", async () => {
  const record = await sh("echo up", { kind: "service", termination: { maxRetries: 1 } });
  expect(record).toMatchObject({ kind: "service", status: "failed", exitCode: 0 });
  expect((await texts(record)).filter((text) => text === "up")).toHaveLength(2);
});

test("a service runs until it is stopped", async () => {
  const { uuid, end } = await started("echo up; exec sleep 1000", { kind: "service" });
  expect((await runs.get(uuid)).status).toBe("running");
  await runs.stop(uuid);
  expect(await end).toMatchObject({ kind: "service", status: "stopped" });
});

test("sidecars live beside the main container and end with it", async () => {
  const sidecar = {
    name: "side",
    command: ["sh", "-c", "echo $$; exec sleep 1000"],
    env: [],
    connections: [],
    rest: {},
  };
  const record = await sh("sleep 0.5; echo done", { sidecars: [sidecar] });
  expect(record.status).toBe("succeeded");
  expect(record.logs.sort()).toEqual(["main", "sidecar/side"]);
  const [pid] = await texts(record, "sidecar/side");
  expect(isLiving(Number(pid))).toBe(false);
});

test("a run whose ttl is over is forgotten with its folder by the next command", async () => {
  const kept = await sh("true", { termination: { maxRetries: 0, ttl: 1000 } });
  const gone = await sh("true", { termination: { maxRetries: 0, ttl: 0 } });
  const left: RunRecord[] = await runs.list({ limit: 1000 });
  const uuids = left.map(({ uuid }) => uuid);
  expect(uuids).toContain(kept.uuid);
  expect(uuids).not.toContain(gone.uuid);
  expect(existsSync(join(home.state, "runs", gone.uuid))).toBe(false);
});
