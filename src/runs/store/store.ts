import type { Plan } from "../../compile/index.ts";
import type { ExecutorChoice } from "../../config/index.ts";
import type { ProblemRecord } from "../../lib/index.ts";
import type { RunCode, RunRecord, StatusChange } from "../record.ts";
import type { ListQuery, RunPlaces } from "../runs.ts";
import type { ProcessIdentity } from "../../lib/index.ts";

/** Holds every run; each write is one transaction that took the write lock first. Everything throws a BowlineError when the disk does not let it. */
export interface RunStore {
  create: (run: NewRun) => Promise<RunRecord>;
  list: (query: ListQuery) => Promise<RunRecord[]>;
  /** The run, or undefined. */
  find: (uuid: string) => Promise<StoredRun | undefined>;
  /** Uuids that begin so, at most `limit`. */
  uuidsLike: (prefix: string, limit: number) => Promise<string[]>;
  /** Adds a status; false when the run's state does not allow it, for example because it is over. */
  change: (uuid: string, change: StatusChange, also?: RunUpdate) => Promise<boolean>;
  update: (uuid: string, update: RunUpdate) => Promise<void>;
  setPlan: (uuid: string, plan: Plan) => Promise<void>;
  /** Makes a process the supervisor of a compiled run, which is queued from then on; false when another one has it. */
  takeOver: (uuid: string, supervisor: ProcessIdentity) => Promise<boolean>;
  /** Makes a process the supervisor of a run whose supervisor is gone; false when another one was quicker, or the run is over. */
  adopt: (uuid: string, supervisor: { gone: ProcessIdentity; now: ProcessIdentity }) => Promise<boolean>;
  /** Runs that are not over. */
  open: () => Promise<StoredRun[]>;
  /** Runs whose ttl was over at this time. */
  expired: (now: string) => Promise<StoredRun[]>;
  remove: (uuid: string) => Promise<void>;
  close: () => Promise<void>;
}

export interface NewRun {
  places: RunPlaces;
  plan: Plan;
  executor: ExecutorChoice;
  supervisor: ProcessIdentity;
  warnings: ProblemRecord[];
  restartOf?: string | undefined;
}

export interface StoredRun {
  record: RunRecord;
  plan: Plan;
  executor: ExecutorChoice;
  folder: string;
  createdBy?: string;
  supervisor: ProcessIdentity;
  handle?: Record<string, unknown>;
}

export interface RunUpdate {
  exitCode?: number;
  expiresAt?: string;
  handle?: Record<string, unknown>;
  codeReferences?: readonly RunCode[];
  warnings?: readonly ProblemRecord[];
  errors?: readonly ProblemRecord[];
  logs?: readonly string[];
}
