import type { Status } from "../record.ts";

/** The store's tables as Kysely sees them. Times are ISO 8601 UTC text, lists and plans JSON text. */
export interface Tables {
  runs: RunTable;
  plans: PlanTable;
  statuses: StatusTable;
}

/** What lists need; the wide plan is in a table of its own, so that a page of runs stays a few pages of the file. */
export interface RunTable {
  uuid: string;
  api_version: string;
  name: string;
  kind: "job" | "service";
  executor: "process" | "docker" | "kubernetes";
  status: Status;
  /** 1 when the status is final: what is not is found by a partial index. */
  final: number;
  reason: string | null;
  message: string | null;
  exit_code: number | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  /** When the ttl is over. */
  expires_at: string | null;
  restart_of: string | null;
  created_by: string | null;
  folder: string;
  /** JSON: a ProcessIdentity. */
  supervisor: string;
  handle: string | null;
  code_references: string;
  warnings: string;
  errors: string;
  logs: string;
}

export interface PlanTable {
  uuid: string;
  /** JSON: the plan, with pins as soon as there are any. */
  plan: string;
  /** JSON: the executor's settings. */
  executor: string;
}

export interface StatusTable {
  uuid: string;
  position: number;
  status: Status;
  at: string;
  reason: string | null;
  message: string | null;
}
