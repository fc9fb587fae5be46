import type { Status } from "./record.ts";

/** Every way a status may change; a final one has none. Retries and service restarts go from running back to starting. */
export const TRANSITIONS: Readonly<Record<Status, readonly Status[]>> = {
  created: ["compiled", "stopping", "failed", "stopped", "skipped"],
  compiled: ["queued", "scheduled", "stopping", "failed", "stopped", "skipped"],
  queued: ["scheduled", "stopping", "failed", "stopped", "skipped"],
  scheduled: ["starting", "stopping", "failed", "stopped"],
  starting: ["running", "stopping", "failed", "stopped"],
  running: ["starting", "stopping", "succeeded", "failed", "stopped"],
  stopping: ["succeeded", "failed", "stopped"],
  succeeded: [],
  failed: [],
  stopped: [],
  skipped: [],
};

/** In the order in which a run may have them. */
export const STATUSES = Object.keys(TRANSITIONS) as readonly Status[];

export function canChange(from: Status, to: Status): boolean {
  return TRANSITIONS[from].includes(to);
}

export function isFinal(status: Status): boolean {
  return TRANSITIONS[status].length === 0;
}
