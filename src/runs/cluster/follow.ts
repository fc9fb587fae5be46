import type { Views } from "../../executors/index.ts";
import type { RunRecord } from "../record.ts";
import { isFinal } from "../transitions.ts";
import type { Judge } from "./judge.ts";
import type { StoredRun } from "./record.ts";

/** How often a run is looked at when nothing is told of it, in milliseconds: some things only time makes true. */
const INTERVAL = 2_000;

export interface FollowOptions {
  views: Views;
  judge: Judge;
  signal?: AbortSignal | undefined;
  /** Asked for the stored run at each look: its end may have been asked for, or written down by somebody else. */
  reload?: () => Promise<StoredRun | undefined>;
  /** Called with the run's view before each look. */
  onView?: (view: ReturnType<Views["of"]>) => void;
}

/** The record now and after every change, until the run is over, or the signal is aborted. */
export async function* followRun(run: StoredRun, options: FollowOptions): AsyncGenerator<RunRecord> {
  const { views, judge, signal, reload, onView } = options;
  const key = { uuid: run.uuid, object: run.run.object };
  let wake = (): void => {};
  let dirty = true;
  const touch = (): void => {
    dirty = true;
    wake();
  };
  const unsubscribe = views.subscribe(key, touch);
  signal?.addEventListener("abort", touch, { once: true });
  let seen = "";
  let stored = run;
  try {
    while (signal?.aborted !== true) {
      dirty = false;
      const view = views.of(key);
      onView?.(view);
      const { record } = await judge.look(stored, view);
      const text = JSON.stringify(record);
      if (text !== seen) yield record;
      seen = text;
      if (isFinal(record.status)) return;
      const fresh = await waitForChange();
      if (fresh) stored = (await reload?.()) ?? stored;
    }
  } finally {
    unsubscribe();
  }

  /** True when nothing was told for a while. */
  async function waitForChange(): Promise<boolean> {
    if (dirty) return false;
    return new Promise<boolean>((resolve) => {
      const clock = setTimeout(() => resolve(true), INTERVAL);
      wake = () => {
        clearTimeout(clock);
        resolve(false);
      };
    });
  }
}
