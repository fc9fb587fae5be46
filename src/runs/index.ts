export type { RunRecord, Status, StatusChange } from "./record.ts";
