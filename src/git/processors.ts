import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/**
 * Whether more threads of this machine want a processor than it has: then work that is shared between several of them is done no sooner, and is more. False where
 * that is not known.
 */
export function areProcessorsBusy(): boolean {
  let load = "";
  try {
    load = readFileSync("/proc/loadavg", "latin1");
  } catch {
    // not Linux, or nothing is told here
  }
  return running(load) > availableParallelism();
}

/** The fourth word of /proc/loadavg (proc_loadavg(5)): threads that can run at this moment, then all. NaN for any other text. */
export function running(load: string): number {
  return Number(/^(?:\S+ ){3}(\d+)\//.exec(load)?.[1]);
}
