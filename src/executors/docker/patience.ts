import { setTimeout as sleep } from "node:timers/promises";
import type { Ending } from "../ending.ts";
import type { ExecutionContext } from "../executor.ts";
import type { DockerClient } from "./client/client.ts";
import { isGone } from "./client/errors.ts";

/** Sits out an engine that is restarted: what was asked is asked again when it is back. */
export interface Patience {
  /** Throws EXECUTOR_ABSENT when it stays away. */
  try: <T>(work: () => Promise<T>) => Promise<T>;
  /** How often the engine was away so far. */
  outages: () => number;
}

/** How long it may be away, and how long once the run is to end, in milliseconds. */
const LONGEST = 120_000;
const LONGEST_AT_END = 15_000;

/** How often it is looked for, in milliseconds. */
const INTERVAL = 500;

export function createPatience(
  client: DockerClient,
  { context, ending }: { context: ExecutionContext; ending: Ending },
): Patience {
  let outages = 0;
  let waiting: Promise<void> | undefined;

  async function untilBack(error: unknown): Promise<void> {
    const began = performance.now();
    const { shown } = client.endpoint;
    for (;;) {
      await sleep(INTERVAL);
      try {
        await client.ask("GET", "/version");
        break;
      } catch (again) {
        const longest = ending.signal.aborted ? LONGEST_AT_END : LONGEST;
        if (!isGone(again) || performance.now() - began > longest) throw error;
      }
    }
    outages += 1;
    context.onEvent({
      type: "warning",
      warning: {
        code: "ENGINE_WAS_AWAY",
        message: `the Docker Engine at ${shown} did not answer for ${Math.round((performance.now() - began) / 1000)} s`,
        hint: "nothing, if it was restarted on purpose",
      },
    });
  }

  return {
    async try(work) {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          if (!isGone(error)) throw error;
          // One wait for all who ask meanwhile.
          await (waiting ??= untilBack(error).finally(() => (waiting = undefined)));
        }
      }
    },
    outages: () => outages,
  };
}
