import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { ExecutorChoice } from "../../src/config/index.ts";
import { BowlineError, ownIdentity, type ProcessIdentity } from "../../src/lib/index.ts";
import { newPlaces } from "../../src/runs/places.ts";
import { leaveSettlement, reserveSettlement } from "../../src/runs/settlement.ts";
import { openStore } from "../../src/runs/store/open-store.ts";
import type { RunStore } from "../../src/runs/store/store.ts";
import { asSwept, sweepRuns } from "../../src/runs/sweep.ts";
import { planOf, temporaryHome } from "./plans.ts";

const living = ownIdentity();
/** A later process has its number. */
const dead: ProcessIdentity = { ...living, start: "1" };
const elsewhere: ProcessIdentity = { host: "elsewhere pid:[1]", boot: "b", pid: 7, start: "1" };

let store: RunStore;
afterEach(() => store.close());

async function stored(runs: { executor: ExecutorChoice["kind"]; supervisor: ProcessIdentity }[]) {
  const home = temporaryHome();
  store = await openStore(join(home.data, "runs.db"));
  const made: { uuid: string; folder: string }[] = [];
  for (const { executor, supervisor } of runs) {
    const places = newPlaces(home, executor);
    mkdirSync(join(places.folder, "private"), { recursive: true });
    reserveSettlement(places.folder);
    const plan = planOf({ command: ["true"] });
    const { uuid } = await store.create({
      places,
      plan,
      supervisor,
      warnings: [],
      executor: { kind: executor } as ExecutorChoice,
    });
    made.push({ uuid, folder: places.folder });
  }
  return made;
}

async function sweep() {
  const adopted: string[] = [];
  const swept = await sweepRuns(store, async ({ record }) => void adopted.push(record.uuid));
  return { ...swept, adopted };
}

const statusOf = async (uuid: string) => (await store.find(uuid))?.record.status;

test("a run whose supervisor lives is left alone; of a dead one it is lost, and its secrets are removed", async () => {
  const [one, other] = await stored([
    { executor: "process", supervisor: living },
    { executor: "process", supervisor: dead },
  ]);
  // as its git leaves it, with a key perhaps
  const left = mkdtempSync(join(tmpdir(), "bowline-"));
  writeFileSync(join(left, "holder.json"), JSON.stringify(dead));
  expect(await sweep()).toMatchObject({ lost: [other!.uuid], adopted: [], expired: [] });
  expect(existsSync(left)).toBe(false);
  expect([await statusOf(one!.uuid), await statusOf(other!.uuid)]).toEqual(["compiled", "failed"]);
  expect([one, other].map((run) => existsSync(join(run!.folder, "private")))).toEqual([true, false]);
  expect(await sweep()).toMatchObject({ lost: [], adopted: [] });
});

test("where the job outlives its supervisor the run is handed on, and never taken from one that cannot be seen", async () => {
  const [one, other] = await stored([
    { executor: "docker", supervisor: dead },
    { executor: "docker", supervisor: elsewhere },
  ]);
  const alive = join(other!.folder, "alive");
  writeFileSync(alive, "");
  const anHourAgo = new Date(Date.now() - 3_600_000);
  await utimes(alive, anHourAgo, anHourAgo);
  expect(await sweep()).toMatchObject({ lost: [], adopted: [one!.uuid] });
  expect([await statusOf(one!.uuid), await statusOf(other!.uuid)]).toEqual(["compiled", "compiled"]);
});

test("what a supervisor left for want of room is put into the store, and is seen even where that is not possible", async () => {
  const [run] = await stored([{ executor: "docker", supervisor: dead }]);
  const { uuid, folder } = run!;
  const at = new Date().toISOString();
  leaveSettlement(folder, { changes: [{ status: "failed", at, reason: "ExitCode" }], update: { exitCode: 3 } });
  const before = (await store.find(uuid))!.record;
  const full = {
    ...store,
    change: () => Promise.reject(new BowlineError({ code: "DISK_FULL", message: "", hint: "" })),
  };
  const swept = await sweepRuns(full, () => Promise.reject(new Error("not to be adopted")));
  expect(asSwept(before, swept)).toMatchObject({ status: "failed", exitCode: 3, reason: "ExitCode" });
  expect(await statusOf(uuid)).toBe("compiled");
  expect(await sweep()).toMatchObject({ lost: [], adopted: [] });
  expect((await store.find(uuid))!.record).toMatchObject({ status: "failed", exitCode: 3, reason: "ExitCode" });
});

test("a run whose time is over is forgotten with its folder; not before", async () => {
  const [over, not] = await stored([
    { executor: "process", supervisor: living },
    { executor: "process", supervisor: living },
  ]);
  const at = new Date().toISOString();
  for (const [run, expiresAt] of [
    [over!, new Date(Date.now() - 1_000)],
    [not!, new Date(Date.now() + 3_600_000)],
  ] as const) {
    await store.change(run.uuid, { status: "failed", at }, { expiresAt: expiresAt.toISOString() });
  }
  expect(await sweep()).toMatchObject({ expired: [over!.uuid] });
  expect([over, not].map((run) => existsSync(run!.folder))).toEqual([false, true]);
  expect([await statusOf(over!.uuid), await statusOf(not!.uuid)]).toEqual([undefined, "failed"]);
});
