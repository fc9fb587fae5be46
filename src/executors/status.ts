/** How far a run is. */
export type Status =
  | "created"
  | "compiled"
  | "queued"
  | "scheduled"
  | "starting"
  | "running"
  | "stopping"
  | "succeeded"
  | "failed"
  | "stopped"
  | "skipped";

export interface StatusChange {
  status: Status;
  /** ISO 8601 UTC with milliseconds. */
  at: string;
  reason?: string;
  message?: string;
}
