import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { newPlaces } from "../../../src/runs/places.ts";
import { openStore } from "../../../src/runs/store/open-store.ts";
import type { RunStore } from "../../../src/runs/store/store.ts";
import { planOf, temporaryHome } from "../plans.ts";

const supervisor = { host: "here", boot: "1", pid: 1, start: "1" };
const opened: RunStore[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

async function openTemporary() {
  const home = temporaryHome();
  const store = await openStore(join(home.data, "runs.db"));
  opened.push(store);
  async function create(name: string) {
    return store.create({
      places: newPlaces(home, "process"),
      plan: planOf({ command: ["true"] }, { name }),
      executor: { kind: "process" },
      supervisor,
      warnings: [],
    });
  }
  return { home, store, create };
}

test("a run is kept with its plan, statuses and what came of it", async () => {
  const { store, create } = await openTemporary();
  const { uuid } = await create("train");
  const at = "2026-11-23T08:00:00.000Z";
  expect(await store.change(uuid, { status: "scheduled", at })).toBe(true);
  expect(await store.change(uuid, { status: "starting", at })).toBe(true);
  expect(await store.change(uuid, { status: "running", at })).toBe(true);
  expect(await store.change(uuid, { status: "failed", at, reason: "ExitCode", message: "3" }, { exitCode: 3 })).toBe(
    true,
  );
  const run = await store.find(uuid);
  expect(run?.record).toMatchObject({
    name: "train",
    status: "failed",
    reason: "ExitCode",
    exitCode: 3,
    startedAt: at,
    finishedAt: at,
  });
  expect(run?.record.statuses.map((change) => change.status)).toEqual([
    "created",
    "compiled",
    "scheduled",
    "starting",
    "running",
    "failed",
  ]);
  expect(run?.plan.main.command).toEqual(["true"]);
  expect(run?.supervisor).toEqual(supervisor);
});

test("final is final", async () => {
  const { store, create } = await openTemporary();
  const { uuid } = await create("once");
  const at = new Date().toISOString();
  await store.change(uuid, { status: "failed", at });
  for (const status of ["running", "succeeded", "stopped", "failed"] as const) {
    expect(await store.change(uuid, { status, at })).toBe(false);
  }
  expect((await store.find(uuid))?.record.status).toBe("failed");
});

test("pages are newest first and do not overlap", async () => {
  const { store, create } = await openTemporary();
  const names = ["a", "b", "c", "d", "e"];
  for (const name of names) await create(name);
  const first = await store.list({ limit: 2 });
  const second = await store.list({ limit: 10, before: first[1]! });
  const seen = [...first, ...second].map((record) => record.name);
  expect([...seen].sort()).toEqual(names);
  const times = [...first, ...second].map((record) => record.createdAt);
  expect(times).toEqual([...times].sort().reverse());
});
