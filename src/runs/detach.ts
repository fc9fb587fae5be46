import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { problemRecord } from "../lib/index.ts";
import type { RunRecord } from "./record.ts";
import { startSupervisor, type SupervisorStart } from "./start-supervisor.ts";
import type { RunStore } from "./store/store.ts";
import { isFinal } from "./transitions.ts";

export interface DetachOptions extends SupervisorStart {
  store: RunStore;
}

/** How often the new supervisor's progress is looked at, in milliseconds. */
const INTERVAL = 50;

/** Starts a process that supervises the run; resolves when it has pinned the commits and scheduled the run, or the run is over. */
export async function detach({ uuid, folder, store, command, env }: DetachOptions): Promise<RunRecord> {
  const supervisor = startSupervisor({ uuid, folder, command, env });
  for (;;) {
    // Asked before the store is: what it wrote before its end is then seen.
    const wasGone = supervisor.isGone();
    const record = (await store.find(uuid))?.record;
    if (record === undefined) throw new Error(`the run ${uuid} was removed while it started`);
    if (isFinal(record.status) || record.startedAt !== undefined) return record;
    if (wasGone) await store.change(uuid, notStarted().change, notStarted(lastWords(supervisor.words)).update);
    else await sleep(INTERVAL);
  }
}

function notStarted(words = "") {
  const message = `the process that was to watch over the run ended at once${words === "" ? "" : `: ${words}`}`;
  const problem = { code: "INTERNAL", message, hint: "run it attached, without -d, to see more" };
  return {
    change: { status: "failed" as const, at: new Date().toISOString(), reason: "INTERNAL", message },
    update: { errors: [problemRecord(problem)] },
  };
}

function lastWords(path: string): string {
  return readFileSync(path, "utf8").trim().split("\n").slice(-3).join(" ");
}
