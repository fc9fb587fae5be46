import { setTimeout as sleep } from "node:timers/promises";
import type { RunRecord } from "./record.ts";
import { isFinal } from "./transitions.ts";

/** How often a run is looked at, in milliseconds. */
const INTERVAL = 150;

/** The record as `read` gives it now and after every change, until it is final or the signal is aborted. */
export async function* watchRun(
  read: () => Promise<RunRecord>,
  { signal }: { signal?: AbortSignal },
): AsyncGenerator<RunRecord> {
  let seen = "";
  while (signal?.aborted !== true) {
    const record = await read();
    const text = JSON.stringify(record);
    if (text !== seen) yield record;
    if (isFinal(record.status)) return;
    seen = text;
    await sleep(INTERVAL, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
}
