import type { Config, ExecutorChoice } from "../config/index.ts";
import type { Plan } from "../compile/index.ts";
import type { FindCredential } from "../connections/index.ts";
import type { CodeReference, GitEvent } from "../git/index.ts";
import type { Problem } from "../lib/index.ts";

/** Carries out a plan. One instance serves one run: what `pin` learns of the servers, `execute` uses. */
export interface Executor {
  kind: "process" | "docker" | "kubernetes";
  /**
   * Throws EXECUTOR_ABSENT when what it works with cannot be reached; asked before a run is made. Gives the choice that will find the
   * same engine again, whatever the environment says then.
   */
  ready?: () => Promise<ExecutorChoice>;
  /** Turns every revision of the plan that has no pin yet into a commit. Throws a BowlineError with everything that was refused. */
  pin: (plan: Plan, context: ExecutionContext) => Promise<Plan>;
  /**
   * Runs every init step of a pinned plan, then the main container with its sidecars, until it ends, `stop` is aborted or the plan's
   * timeout is over. Never throws for what the job does; throws a BowlineError when an init step or the executor itself fails.
   */
  execute: (plan: Plan, context: ExecutionContext) => Promise<Outcome>;
}

export interface ExecutionContext {
  uuid: string;
  config: Config;
  /** The environment from which a process job inherits the names on the allow-list. */
  env: Readonly<NodeJS.ProcessEnv>;
  /** The run's own folder on this machine: artifacts, logs, private files. */
  folder: string;
  /** A run that an earlier supervisor began, and whose containers may be running or over by now. */
  resumed?: Resumed;
  /** Data of a secret by name; a BowlineError when absent. */
  readSecret: (name: string) => Promise<ReadonlyMap<string, Buffer>>;
  /** Data of a config map by name; a BowlineError when absent. */
  readConfigMap: (name: string) => Promise<ReadonlyMap<string, Buffer>>;
  /** The finder for one step: the connection's own secret first, then `credentials:`. */
  findCredentialFor: (connection?: string) => FindCredential;
  /**
   * Receives raw output; masking and writing is the caller's. `position` tells where an engine's own log has this line: it gives the line
   * its time, and tells a later supervisor where to go on.
   */
  output: (container: string, stream: "stdout" | "stderr", chunk: Buffer, position?: LogPosition) => void;
  /** No more output comes from this start of the container: what was held back, as it may have been the beginning of a secret, is told now. */
  outputEnded: (container: string) => void;
  /** A word of the executor's own in a container's log. */
  say: (container: string, text: string) => void;
  onEvent: (event: ExecutionEvent) => void;
  /** Aborted: end with TERM, a grace period, KILL. A number as its reason is the grace in milliseconds. */
  stop: AbortSignal;
  /** Aborted: end with KILL at once. */
  kill: AbortSignal;
}

/** A place in the log of a container that an engine keeps. */
export interface LogPosition {
  /** RFC 3339 in UTC, as fine as the engine has it. */
  time: string;
  /** How many lines of the stream have come with this time, this one counted. */
  count: number;
}

/** What is known of a run that goes on under another supervisor. */
export interface Resumed {
  /** When it was scheduled. */
  startedAt: string;
  /** Whether its main container had been started. */
  begun: boolean;
  /** What of a container's log is kept already; absent where there is nothing. */
  logged: (container: string, stream: "stdout" | "stderr") => Promise<LogPosition | undefined>;
}

export type ExecutionEvent =
  | { type: "status"; status: "scheduled" | "starting" | "running"; reason?: string; message?: string }
  | { type: "git"; step: string; connection?: string; event: GitEvent }
  | { type: "code-reference"; step: string; reference: CodeReference }
  | { type: "handle"; handle: Record<string, unknown> }
  | { type: "warning"; warning: Problem };

/** How a run ended. */
export interface Outcome {
  /** 128 + signal number for a signal; absent when it never started. */
  exitCode?: number;
  reason: "Completed" | "ExitCode" | "Timeout" | "Stopped" | "Signal" | "OOMKilled";
  message: string;
}

/** How one container ended. */
export interface Ended {
  /** 128 + n for signal n, as shells have it; 127 for a command that is not there, 126 for one that cannot be run. */
  exitCode: number;
  signal?: string;
  /** Why it could not be started. */
  refused?: string;
  /** The kernel ended it because its memory was used up. */
  outOfMemory?: true;
}
