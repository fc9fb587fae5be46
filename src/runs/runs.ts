import type { Plan } from "../compile/index.ts";
import type { Config, ExecutorChoice } from "../config/index.ts";
import type { JobPlaces } from "../executors/index.ts";
import type { CodeReference, GitEvent } from "../git/index.ts";
import type { Problem } from "../lib/index.ts";
import type { RunRecord, Status, StatusChange } from "./record.ts";

/** All runs of this user: starts them, watches over them, remembers them. Every `id` is a uuid or a unique beginning of one. */
export interface Runs {
  /** A new run's uuid and places: what `compile` is told. The executor is the config's unless given. Writes nothing. */
  prepare: (executor?: ExecutorChoice["kind"]) => RunPlaces;
  /**
   * Runs a plan to its end; this process is its supervisor. Resolves to the finished record, also when the run failed: what
   * went wrong is in `errors`. Rejects only when there is no run: the executor is absent, the plan does not fit it, the store cannot be written.
   */
  start: (request: StartRequest, attached?: Attached) => Promise<RunRecord>;
  /**
   * As `start`, supervised by a process of its own; resolves when the commits are pinned and it is scheduled, or when it failed
   * before that. The one event seen here is `created`.
   */
  startDetached: (request: StartRequest, attached?: Pick<Attached, "onEvent">) => Promise<RunRecord>;
  /** The objects that `start` would make in a cluster, pinned; nothing is made. Throws USAGE where there is no cluster. */
  objects: (request: StartRequest) => Promise<object[]>;
  /** What the process of a detached run does: takes the run over and carries it to its end. */
  supervise: (uuid: string, attached?: Attached) => Promise<RunRecord>;
  /** Newest first. */
  list: (query?: ListQuery) => Promise<RunRecord[]>;
  /** Throws RUN_NOT_FOUND, or USAGE when more than one uuid begins so. */
  get: (id: string) => Promise<RunRecord>;
  /** The record with what only `get -o wide` and restart need. */
  describe: (id: string) => Promise<RunDetails>;
  /** Masked output, oldest first; with `follow` until the run is over. */
  logs: (id: string, options?: LogOptions) => AsyncIterable<LogLine>;
  /** The record now and after every change, until the run is over. */
  watch: (id: string, options?: { signal?: AbortSignal }) => AsyncIterable<RunRecord>;
  /** Asks the supervisor to end the run and waits until it has; a run that is over is returned as it is. */
  stop: (id: string, options?: StopOptions) => Promise<RunRecord>;
  /** A new run of the same plan at the same commits; `fresh` resolves the revisions again. */
  restart: (id: string, options?: RestartOptions) => Promise<RunRecord>;
  /** Forgets a run that is over, with its folder and logs. Throws USAGE while it is not. */
  delete: (id: string) => Promise<RunRecord>;
  /** Settles runs whose supervisor died and removes those whose ttl is over. Each reading method does it first, too. */
  sweep: () => Promise<SweepReport>;
  close: () => Promise<void>;
}

/** What a store and its supervisors are given. */
export interface RunsOptions {
  config: Config;
  /** The environment from which jobs inherit the names on the allow-list. */
  env: NodeJS.ProcessEnv;
  /** Program and arguments that supervise a detached run, without the uuid, which is appended. */
  superviseCommand?: readonly string[];
  /** Bytes of log kept for each container; the oldest are dropped. Default 64 MiB. */
  logBytes?: number;
}

/** Where a run has its things. */
export interface RunPlaces extends JobPlaces {
  uuid: string;
  createdAt: string;
  /** The run's own folder on this machine; the other paths are as its job sees them. */
  folder: string;
}

export interface StartRequest {
  /** From `prepare`; the plan was compiled for it. */
  places: RunPlaces;
  plan: Plan;
  /** From compile and config, for the record. */
  warnings?: readonly Problem[];
  /** Default: the config's. */
  executor?: ExecutorChoice;
  restartOf?: string;
}

/** How the process that supervises takes part. */
export interface Attached {
  onEvent?: (event: RunEvent) => void;
  /** Aborted: end the job with TERM, a grace period, KILL. */
  stop?: AbortSignal;
  /** Aborted: end the job at once. */
  kill?: AbortSignal;
}

/** What happens in a run, in order; no secret is in any of it. */
export type RunEvent =
  /** `namespace`: of a cluster, where the run's objects are. */
  | { type: "created"; record: RunRecord; namespace?: string }
  | { type: "status"; change: StatusChange }
  | { type: "git"; step: string; connection?: string; event: GitEvent }
  | { type: "code-reference"; step: string; reference: CodeReference }
  | { type: "log"; line: LogLine }
  | { type: "warning"; warning: Problem };

/** One line of a container's output, or a piece of a long or unfinished one. */
export interface LogLine {
  /** `main`, `init/<name>` or `sidecar/<name>`. */
  container: string;
  /** `bowline` for a word of our own in the log: what was dropped, a new attempt. */
  stream: "stdout" | "stderr" | "bowline";
  /** ISO 8601 UTC. */
  time: string;
  /** Without its line end; bytes that are not UTF-8 are U+FFFD here. */
  text: string;
  /** The bytes themselves, where `text` cannot say them. */
  bytes?: Uint8Array;
  /** True when the line goes on in the next entry of the same stream, or ended without a line end. */
  partial?: boolean;
}

export interface ListQuery {
  /** Default 50. */
  limit?: number;
  statuses?: readonly Status[];
  /** Only runs older than this one: the last of the page before. */
  before?: Pick<RunRecord, "createdAt" | "uuid">;
  /** Only uuids that begin so. */
  prefix?: string;
}

export interface LogOptions {
  /** One container; default all. */
  container?: string;
  follow?: boolean;
  /** Only the last lines. */
  tail?: number;
  /** Only lines from this time on. */
  since?: Date;
  signal?: AbortSignal;
}

export interface StopOptions {
  /** Milliseconds between TERM and KILL; default 10,000. */
  grace?: number;
  /** No grace at all. */
  kill?: boolean;
  signal?: AbortSignal;
}

export interface RestartOptions extends Attached {
  fresh?: boolean;
  detached?: boolean;
}

export interface RunDetails {
  record: RunRecord;
  plan: Plan;
  places: RunPlaces;
  user?: string;
  host: string;
  /** Absent where the cluster runs the work. */
  supervisorPid?: number;
  /** What the executor calls its run: process group ids, names in the cluster. */
  handle?: Record<string, unknown>;
}

export interface SweepReport {
  /** Runs whose supervisor was gone. */
  lost: string[];
  /** Runs whose ttl was over. */
  expired: string[];
}
