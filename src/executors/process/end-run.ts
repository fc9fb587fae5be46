import { endProcesses } from "./end-processes.ts";

/** Ends every process that still carries the mark of this run on this machine. */
export function endRun(uuid: string, options: { grace: number }): Promise<void> {
  return endProcesses({ groups: new Set(), assignment: `BOWLINE_RUN_UUID=${uuid}`, grace: options.grace });
}
