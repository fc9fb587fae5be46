import type { Network, Policy } from "../config/index.ts";
import type { FindCredential } from "../connections/index.ts";
import type { Place, Problem } from "../lib/index.ts";
import type { GitOptions } from "../spec/index.ts";
import type { MountSpace } from "./cache/mount-space.ts";
import type { Session } from "./server/session.ts";

/** What is asked of the engine, before it is known which commit that is. */
export interface GitRequest {
  url: string;
  /** As the user wrote it; absent: HEAD. */
  revision?: string;
  /** For messages and records only. */
  connection?: string;
  /** Put into errors about the url or the revision. */
  place?: Place;
  options: GitOptions;
  findCredential: FindCredential;
  policy: Policy;
  network: Network;
  /** Folder for what the engine keeps between calls (objects, trees, what a host speaks, certificate bundles). */
  cache?: string;
  /** Environment variables that every git started for this request carries, so that one which outlives its starter can be found. */
  mark?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  /** Whether the server is to say how far it is with making the pack, which costs some bytes; for somebody who looks on. */
  serverProgress?: boolean;
  onEvent?: (event: GitEvent) => void;
}

/** A revision turned into a commit, and the session that found it. */
export interface Resolution {
  commit: string;
  /** Full name of the branch or tag; absent for a commit. */
  ref?: string;
  redirectedTo?: string;
  session: Session;
  /** Milliseconds. */
  took: number;
  warnings: Problem[];
}

/** What is to be written where. */
export interface MaterializeRequest extends GitRequest {
  /** From `resolve` in this process, or a pin kept from an earlier one. */
  resolution: Resolution | { commit: string; ref?: string; redirectedTo?: string };
  /** Absolute; must not exist, or be an empty folder. */
  target: string;
  /** `target` as the job will see it, for the code reference; `target` when absent. */
  shownPath?: string;
  /** Where `options.mount` may mount for a user that is not root: who gives it starts what uses the target there. */
  mounts?: MountSpace;
}

/** Progress, in the order in which it happens. */
export type GitEvent =
  | { phase: "resolve" | "fetch" | "checkout" | "submodules" | "lfs" | "copy"; state: "start" | "end"; detail?: string }
  | { phase: "fetch"; state: "progress"; done: number; total?: number; bytes: number; detail?: string }
  | { phase: "retry"; state: "wait"; detail: string; ms: number }
  /** Another process is at it; `detail` says which, and what it does. */
  | { phase: "wait"; state: "start" | "end"; detail: string }
  | { phase: "warning"; state: "end"; problem: Problem };
