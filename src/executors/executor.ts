import type { Config } from "../config/index.ts";
import type { Plan } from "../compile/index.ts";
import type { FindCredential } from "../connections/index.ts";
import type { CodeReference, GitEvent } from "../git/index.ts";
import type { Problem } from "../lib/index.ts";

/** Carries out a pinned plan. One instance serves one run. */
export interface Executor {
  kind: "process" | "docker" | "kubernetes";
  /**
   * Runs every init step, then the main container with its sidecars, until it ends, `stop` is aborted or the plan's timeout is over.
   * Never throws for what the job does; throws a BowlineError when an init step or the executor itself fails.
   */
  execute(plan: Plan, context: ExecutionContext): Promise<Outcome>;
}

export interface ExecutionContext {
  uuid: string;
  config: Config;
  /** The run's own folder on this machine: artifacts, logs, private files. */
  folder: string;
  /** Data of a secret or config map by name; a BowlineError when absent. */
  readSecret: (name: string) => Promise<ReadonlyMap<string, Buffer>>;
  /** The finder for one step: the connection's own secret first, then `credentials:`. */
  findCredentialFor: (connection?: string) => FindCredential;
  /** Receives raw output; masking and writing is the caller's. */
  output: (container: string, stream: "stdout" | "stderr", chunk: Buffer) => void;
  onEvent: (event: ExecutionEvent) => void;
  /** Aborted: end with TERM, a grace period, KILL. A second abort reason `"kill"` skips the grace. */
  stop: AbortSignal;
  kill: AbortSignal;
}

export type ExecutionEvent =
  | { type: "status"; status: "scheduled" | "starting" | "running"; reason?: string; message?: string }
  | { type: "git"; step: string; event: GitEvent }
  | { type: "code-reference"; step: string; reference: CodeReference }
  | { type: "handle"; handle: Record<string, unknown> }
  | { type: "warning"; warning: Problem };

/** How the main container ended. */
export interface Outcome {
  /** 128 + signal number for a signal. */
  exitCode: number;
  reason: "Completed" | "ExitCode" | "Timeout" | "Stopped" | "Signal";
  message: string;
}
