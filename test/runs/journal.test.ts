import { join } from "node:path";
import { expect, test } from "vitest";
import { openJournal } from "../../src/runs/journal.ts";
import { newPlaces } from "../../src/runs/places.ts";
import type { RunRecord } from "../../src/runs/index.ts";
import { openStore } from "../../src/runs/store/open-store.ts";
import { planOf, temporaryHome } from "./plans.ts";

test("who reads a status has what was known before it, and nothing that came after", async () => {
  const home = temporaryHome();
  const store = await openStore(join(home.data, "runs.db"));
  const { uuid } = await store.create({
    places: newPlaces(home, "process"),
    plan: planOf({ command: ["true"] }),
    executor: { kind: "process" },
    supervisor: { host: "here", boot: "1", pid: 1, start: "1" },
    warnings: [],
  });
  const read: RunRecord[] = [];
  const watched = {
    ...store,
    async change(...given: Parameters<typeof store.change>) {
      const allowed = await store.change(...given);
      read.push((await store.find(uuid))!.record);
      return allowed;
    },
  };
  const journal = openJournal({ uuid, folder: home.state, store: watched, onChange: () => {} });
  const at = new Date().toISOString();
  const code = { url: "https://git.test/a", commit: "1".repeat(40), history: 1 };
  // All of it before the first is written.
  journal.update({ codeReferences: [code] });
  journal.change({ status: "scheduled", at });
  journal.change({ status: "starting", at });
  await journal.finish({ status: "failed", at }, { exitCode: 3 });
  expect(read.map(({ status, codeReferences, exitCode }) => [status, codeReferences, exitCode])).toEqual([
    ["scheduled", [code], undefined],
    ["starting", [code], undefined],
    ["failed", [code], 3],
  ]);
  await store.close();
});
