import type { Status, StatusChange } from "../executors/index.ts";
import type { CodeReference } from "../git/index.ts";
import type { ProblemRecord } from "../lib/index.ts";

export type { Status, StatusChange } from "../executors/index.ts";

/**
 * The code of a git step. Once its commit is pinned: where it comes from, what was asked and the commit; the rest when it is in its place.
 */
export type RunCode = PinnedCode & Partial<CodeReference>;
type PinnedCode = Pick<
  CodeReference,
  "connection" | "url" | "redirectedTo" | "revision" | "ref" | "commit" | "history"
>;

/** A run as scripts see it (docs/scripting.md). What is unknown or empty is absent; the three lists are always there. */
export interface RunRecord {
  apiVersion: "bowline/v1";
  uuid: string;
  name: string;
  kind: "job" | "service";
  executor: "process" | "docker" | "kubernetes";
  status: Status;
  reason?: string;
  message?: string;
  exitCode?: number;
  createdAt: string;
  startedAt?: string;
  finishedAt?: string;
  statuses: StatusChange[];
  codeReferences: RunCode[];
  warnings?: ProblemRecord[];
  errors?: ProblemRecord[];
  logs: string[];
  restartOf?: string;
}
