import type { Kubernetes, Views } from "../../executors/index.ts";
import type { RunRecord } from "../record.ts";
import { isFinal } from "../transitions.ts";
import type { Judge } from "./judge.ts";
import type { ClusterEnd, ClusterRun, StoredRun } from "./record.ts";

/** How often a run is looked at when nothing is told of it, in milliseconds: some things only time makes true. */
const INTERVAL = 2_000;

export interface FollowOptions {
  views: Views;
  judge: Judge;
  signal?: AbortSignal | undefined;
  readRecord: Kubernetes["readRecord"];
  /** Called with the run's view before each look. */
  onView?: (view: ReturnType<Views["of"]>) => void;
}

/** The record now and after every change, until the run is over, or the signal is aborted. */
export async function* followRun(run: StoredRun, options: FollowOptions): AsyncGenerator<RunRecord> {
  const { views, judge, signal, onView, readRecord } = options;
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
  try {
    while (signal?.aborted !== true) {
      dirty = false;
      adopt(run, views.record(run.uuid));
      const view = views.of(key);
      onView?.(view);
      const { record } = await judge.look(run, view);
      const text = JSON.stringify(record);
      if (text !== seen) yield record;
      seen = text;
      if (isFinal(record.status)) return;
      await waitForChange();
    }
  } finally {
    unsubscribe();
  }

  async function waitForChange(): Promise<void> {
    if (dirty) return;
    await new Promise<void>((resolve) => {
      const clock = setTimeout(resolve, INTERVAL);
      wake = () => {
        clearTimeout(clock);
        resolve();
      };
    });
  }

  /** What somebody else wrote into the record. */
  function adopt(known: StoredRun, object: Parameters<typeof readRecord>[0] | undefined): void {
    const told = object === undefined ? undefined : readRecord<ClusterRun, ClusterEnd>(object);
    known.stopAt ??= told?.stopAt;
    known.end ??= told?.end;
  }
}
