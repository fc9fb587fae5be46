export { composeRun } from "./compose.ts";
export { exitCodeOf } from "./exit-code.ts";
export { openRuns } from "./open-runs.ts";
export type { RunCode, RunRecord, Status } from "./record.ts";
export type { Attached, LogLine, LogOptions, RunEvent, RunPlaces, Runs, RunsOptions, StartRequest } from "./runs.ts";
export { isFinal, STATUSES } from "./transitions.ts";
