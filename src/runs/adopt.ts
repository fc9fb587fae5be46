import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "../lib/index.ts";
import { startSupervisor } from "./start-supervisor.ts";
import type { RunStore, StoredRun } from "./store/store.ts";
import { isFinal } from "./transitions.ts";

/** How often the new supervisor's progress is looked at, and how long at most, in milliseconds. */
const INTERVAL = 50;
const LONGEST = 5_000;

/** A job that ended while nobody watched is settled within this time, in milliseconds; who asks is then told the end. */
const SETTLING = 1_000;

/**
 * Starts a supervisor for a run whose own is gone while its job goes on. Resolves when the run is in its hands, or it could not take it:
 * then the run stays as it is, and the next command tries again.
 */
export async function adopt(
  run: StoredRun,
  { store, ...start }: { store: RunStore; command: readonly string[]; env: Readonly<NodeJS.ProcessEnv> },
): Promise<void> {
  const { uuid } = run.record;
  const supervisor = startSupervisor({ uuid, folder: run.folder, ...start });
  let taken: number | undefined;
  for (const began = performance.now(); performance.now() - began < LONGEST; await sleep(INTERVAL)) {
    const wasGone = supervisor.isGone();
    const now = await store.find(uuid);
    if (now === undefined || isFinal(now.record.status)) return;
    if (isAlive(now.supervisor) !== false) taken ??= performance.now();
    if (wasGone || (taken !== undefined && performance.now() - taken > SETTLING)) return;
  }
}
