import type { Derived, StoredRecord } from "../../executors/index.ts";
import { problemRecord, type ProblemRecord } from "../../lib/index.ts";
import type { RunCode, RunRecord, StatusChange } from "../record.ts";
import { isFinal } from "../transitions.ts";

/** What the record in the cluster says of a run from its start. */
export interface ClusterRun {
  apiVersion: "bowline/v1";
  name: string;
  kind: RunRecord["kind"];
  /** Name of its Job or Deployment. */
  object: string;
  createdAt: string;
  /** When its commits were pinned. */
  queuedAt?: string;
  /** Who made it, where. */
  user: string;
  host: string;
  warnings: ProblemRecord[];
  restartOf?: string;
  /** By name, the keys of Secrets that only a pod could see. */
  secretKeys?: Record<string, readonly string[]>;
}

/** How a run ended. */
export interface ClusterEnd extends Pick<RunRecord, "statuses" | "codeReferences" | "logs"> {
  exitCode?: number;
  errors: ProblemRecord[];
  /** Those of its start, and of whoever stayed with it. */
  warnings?: ProblemRecord[];
}

export type StoredRun = StoredRecord<ClusterRun, ClusterEnd>;

/** How the run stands by what was derived, with the code references that are known whole. */
export function endOf({ statuses, exitCode, errors, logs }: Derived, codeReferences: RunCode[]): ClusterEnd {
  return {
    statuses: statuses as StatusChange[],
    codeReferences,
    logs,
    errors: errors.map(problemRecord),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}

/** The record as scripts see it. */
export function recordOf({ uuid, run }: Pick<StoredRun, "uuid" | "run">, end: ClusterEnd): RunRecord {
  const { statuses, exitCode, codeReferences, errors, logs, warnings = run.warnings } = end;
  const { status, at, reason, message } = statuses.at(-1)!;
  const started = statuses.find((each) => each.status === "scheduled");
  return {
    apiVersion: "bowline/v1",
    uuid,
    name: run.name,
    kind: run.kind,
    executor: "kubernetes",
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    ...(exitCode === undefined ? {} : { exitCode }),
    createdAt: run.createdAt,
    ...(started === undefined ? {} : { startedAt: started.at }),
    ...(isFinal(status) ? { finishedAt: at } : {}),
    statuses,
    codeReferences,
    ...(warnings.length > 0 ? { warnings } : {}),
    ...(errors.length > 0 ? { errors } : {}),
    logs,
    ...(run.restartOf === undefined ? {} : { restartOf: run.restartOf }),
  };
}
