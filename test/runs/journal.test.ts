import { join } from "node:path";
import { expect, test } from "vitest";
import { openJournal } from "../../src/runs/journal.ts";
import { newPlaces } from "../../src/runs/places.ts";
import type { RunRecord } from "../../src/runs/index.ts";
import type { RunStore } from "../../src/runs/store/store.ts";
import { openStore } from "../../src/runs/store/open-store.ts";
import { planOf, temporaryHome } from "./plans.ts";

async function storeWithRun(): Promise<{ store: RunStore; uuid: string; folder: string }> {
  const home = temporaryHome();
  const store = await openStore(join(home.data, "runs.db"));
  const { uuid } = await store.create({
    places: newPlaces(home, "process"),
    plan: planOf({ command: ["true"] }),
    executor: { kind: "process" },
    supervisor: { host: "here", boot: "1", pid: 1, start: "1" },
    warnings: [],
  });
  return { store, uuid, folder: home.state };
}

test("who reads a status has what was known before it, and nothing that came after", async () => {
  const { store, uuid, folder } = await storeWithRun();
  const read: RunRecord[] = [];
  const watched = {
    ...store,
    async change(...given: Parameters<typeof store.change>) {
      const allowed = await store.change(...given);
      read.push((await store.find(uuid))!.record);
      return allowed;
    },
  };
  const journal = openJournal({ uuid, folder, store: watched, onChange: () => {} });
  const at = new Date().toISOString();
  const code = { url: "https://git.test/a", commit: "1".repeat(40), history: 1 };
  // All of it before the first is written.
  journal.update({ codeReferences: [code] });
  journal.change({ status: "scheduled", at });
  journal.change({ status: "starting", at });
  journal.update({ exitCode: 3 });
  await journal.finish({ status: "failed", at }, {});
  expect(read.map(({ status, codeReferences, exitCode }) => [status, codeReferences, exitCode])).toEqual([
    ["scheduled", [code], undefined],
    ["starting", [code], undefined],
    ["failed", [code], 3],
  ]);
  await store.close();
});

test("what comes while something is being written is written after it", async () => {
  const { store, uuid, folder } = await storeWithRun();
  let go = (): void => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  const slow: RunStore = {
    ...store,
    async update(...given) {
      // taken as it is now
      const [id, update] = [given[0], { ...given[1] }];
      await held;
      await store.update(id, update);
    },
  };
  const journal = openJournal({ uuid, folder, store: slow, onChange: () => {} });
  journal.update({ exitCode: 1 });
  await new Promise((resolve) => setImmediate(resolve));
  journal.update({ exitCode: 3 });
  go();
  await journal.finish({ status: "failed", at: new Date().toISOString() }, {});
  expect((await store.find(uuid))?.record).toMatchObject({ status: "failed", exitCode: 3 });
  await store.close();
});

test("what the store refuses is kept, in order, until it takes it", async () => {
  const { store, uuid, folder } = await storeWithRun();
  let refusals = 3;
  const full: RunStore = {
    ...store,
    change: (...given) => ((refusals -= 1) >= 0 ? Promise.reject(new Error("no room")) : store.change(...given)),
  };
  const seen: string[] = [];
  const journal = openJournal({ uuid, folder, store: full, onChange: ({ status }) => void seen.push(status) });
  const at = new Date().toISOString();
  journal.change({ status: "scheduled", at });
  journal.change({ status: "starting", at });
  expect(await journal.finish({ status: "failed", at }, { exitCode: 3 })).toBeUndefined();
  expect(seen).toEqual(["scheduled", "starting", "failed"]);
  expect((await store.find(uuid))?.record.statuses.map(({ status }) => status)).toEqual([
    "created",
    "compiled",
    ...seen,
  ]);
  await store.close();
});
