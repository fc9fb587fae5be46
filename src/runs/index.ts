export { composeRun } from "./compose.ts";
export { exitCodeOf } from "./exit-code.ts";
export { openRuns } from "./open-runs.ts";
export type { RunCode, RunRecord, Status, StatusChange } from "./record.ts";
export type {
  Attached,
  ListQuery,
  LogLine,
  LogOptions,
  RestartOptions,
  RunDetails,
  RunEvent,
  RunPlaces,
  Runs,
  RunsOptions,
  StartRequest,
  StopOptions,
  SweepReport,
} from "./runs.ts";
export { isFinal } from "./transitions.ts";
