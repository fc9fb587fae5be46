import { rm } from "node:fs/promises";
import { endRun, outlivesSupervisor } from "../executors/index.ts";
import { sweepPrivateFolders } from "../git/index.ts";
import { BowlineError, isAlive, ownIdentity, problemRecord } from "../lib/index.ts";
import { hasFallenSilent } from "./heartbeat.ts";
import type { RunRecord } from "./record.ts";
import { removeFolder } from "./remove-folder.ts";
import type { SweepReport } from "./runs.ts";
import { readSettlement, settledRecord, type Settlement } from "./settlement.ts";
import type { RunStore, StoredRun } from "./store/store.ts";

/** What a sweep found. */
export interface Swept extends SweepReport {
  /** By uuid, runs that are over though the store could not be told so: how a reader is to see them. */
  untold: Map<string, Settlement>;
}

/** Milliseconds between TERM and KILL for what a dead supervisor left; its reaper gave it more. */
const ORPHAN_GRACE = 2_000;

/**
 * Settles runs whose supervisor is gone, ends what is left of them, and forgets those whose ttl is over. Where the job goes on without its
 * supervisor, the run is handed to `adopt`.
 */
export async function sweepRuns(store: RunStore, adopt: (run: StoredRun) => Promise<void>): Promise<Swept> {
  const swept: Swept = { lost: [], expired: [], untold: new Map() };
  const open = await store.open();
  // side by side: each that is silent takes a while
  const gone = await Promise.all(open.map(isGone));
  for (const [index, run] of open.entries()) {
    const left = readSettlement(run.folder);
    if (left === undefined && !gone[index]) continue;
    const { uuid } = run.record;
    if (left === undefined && outlivesSupervisor(run.executor.kind)) {
      await adopt(run);
      continue;
    }
    if (left === undefined) await endRun(uuid, { grace: ORPHAN_GRACE });
    const settlement = left ?? lost(run);
    if (left === undefined) swept.lost.push(uuid);
    if (!(await tell(store, { uuid, settlement }))) swept.untold.set(uuid, settlement);
    await rm(`${run.folder}/private`, { recursive: true, force: true }).catch(() => {});
  }
  if (swept.lost.length > 0) await sweepPrivateFolders();
  for (const run of await store.expired(new Date().toISOString())) {
    if (await forget(store, run)) swept.expired.push(run.record.uuid);
  }
  return swept;
}

/** The record as it is to be seen after a sweep. */
export function asSwept(record: RunRecord, { untold }: Swept): RunRecord {
  const settlement = untold.get(record.uuid);
  return settlement === undefined ? record : settledRecord(record, settlement);
}

/** By its process, which only its own host and container can see; else by its signs of life. */
async function isGone({ supervisor, folder, executor }: StoredRun): Promise<boolean> {
  const alive = isAlive(supervisor);
  if (alive !== undefined || outlivesSupervisor(executor.kind)) return alive === false;
  return hasFallenSilent(folder);
}

function lost({ record, supervisor }: StoredRun): Settlement {
  const own = ownIdentity();
  const elsewhere = supervisor.host === own.host ? "" : ` of ${supervisor.host.split(" ")[0]}`;
  const why =
    elsewhere === ""
      ? supervisor.boot === own.boot
        ? "it was killed"
        : "the machine was restarted"
      : "it gives no sign of life any more";
  const problem = {
    code: "RUN_LOST",
    message: `the process ${supervisor.pid}${elsewhere} that watched over the run is gone: ${why}`,
    hint: `run it again at the same commits with: bowline restart ${record.uuid}`,
  };
  const at = new Date().toISOString();
  return {
    changes: [{ status: "failed", at, reason: "RUN_LOST", message: problem.message }],
    update: { errors: [problemRecord(problem)] },
  };
}

/** False when the disk does not let it. */
async function tell(store: RunStore, told: { uuid: string; settlement: Settlement }): Promise<boolean> {
  const { changes, update } = told.settlement;
  try {
    for (const [index, change] of changes.entries()) {
      await store.change(told.uuid, change, index === changes.length - 1 ? update : {});
    }
    return true;
  } catch (error) {
    if (error instanceof BowlineError) return false;
    throw error;
  }
}

async function forget(store: RunStore, run: StoredRun): Promise<boolean> {
  try {
    await removeFolder(run.folder);
    await store.remove(run.record.uuid);
    return true;
  } catch (error) {
    if (error instanceof BowlineError) return false;
    throw error;
  }
}
