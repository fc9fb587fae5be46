import { setTimeout as sleep } from "node:timers/promises";
import type { StatusChange } from "./record.ts";
import { leaveSettlement, type Settlement } from "./settlement.ts";
import type { RunStore, RunUpdate } from "./store/store.ts";

/** Writes what happens to a run, in order. What a full or locked disk refuses is kept and tried again; nothing of it stops the job. */
export interface Journal {
  change: (change: StatusChange) => void;
  update: (update: RunUpdate) => void;
  /** Writes the last change and all before it. When the store takes them not even now, they are left in the run's folder, and given back. */
  finish: (change: StatusChange, update: RunUpdate) => Promise<Settlement | undefined>;
}

export interface JournalOptions {
  uuid: string;
  folder: string;
  store: RunStore;
  /** Called for each change that the store took. */
  onChange: (change: StatusChange) => void;
}

/** What is written in one piece, in the order in which it happened: who reads a status has all that was known before it. */
interface Entry {
  change?: StatusChange;
  update: RunUpdate;
  begun?: boolean;
}

/** Tries of the end, and the wait between them in milliseconds. */
const LAST_TRIES = 5;
const LAST_WAIT = 500;

export function openJournal({ uuid, folder, store, onChange }: JournalOptions): Journal {
  const pending: Entry[] = [];
  let work: Promise<boolean> = Promise.resolve(true);

  async function write(): Promise<boolean> {
    try {
      for (let next = pending[0]; next !== undefined; next = pending[0]) {
        next.begun = true;
        if (next.change === undefined) await store.update(uuid, next.update);
        else if (await store.change(uuid, next.change, next.update)) onChange(next.change);
        pending.shift();
      }
      return true;
    } catch {
      return false;
    }
  }

  /** After whatever is being written; gives whether everything is in the store now. */
  function flush(): Promise<boolean> {
    work = work.then(write);
    return work;
  }

  async function finish(change: StatusChange, last: RunUpdate): Promise<Settlement | undefined> {
    pending.push({ change, update: last });
    for (let attempt = 1; !(await flush()); attempt++) {
      if (attempt === LAST_TRIES) {
        const settlement = {
          changes: pending.flatMap((entry) => entry.change ?? []),
          update: Object.assign({}, ...pending.map((entry) => entry.update)) as RunUpdate,
        };
        leaveSettlement(folder, settlement);
        return settlement;
      }
      await sleep(LAST_WAIT);
    }
    return undefined;
  }

  return {
    change(change) {
      pending.push({ change, update: {} });
      void flush();
    },
    update(more) {
      const last = pending.at(-1);
      // What waits for the store anyway takes more along.
      if (last !== undefined && last.change === undefined && last.begun !== true) Object.assign(last.update, more);
      else pending.push({ update: { ...more } });
      void flush();
    },
    finish,
  };
}
