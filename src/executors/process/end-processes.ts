import { setTimeout as sleep } from "node:timers/promises";
import { findProcesses } from "../../lib/index.ts";

/** How often it is looked whether they are gone, in milliseconds. */
const INTERVAL = 50;

/** How long KILL is repeated for what starts new processes faster than they end, in milliseconds. */
const KILL_TIME = 5_000;

export interface EndOptions {
  /** Process groups. */
  groups: ReadonlySet<number>;
  /** Also those that left their group but carry this `NAME=value` in their environment, and their children. */
  assignment?: string;
  /** Milliseconds between TERM and KILL. */
  grace: number;
  /** Aborted: no more grace. */
  kill?: AbortSignal;
}

/** Ends processes with TERM, a grace period and KILL; resolves when they are gone. */
export async function endProcesses(ending: EndOptions): Promise<void> {
  const deadline = performance.now() + ending.grace;
  const asked = new Set<number>();
  while (performance.now() < deadline && ending.kill?.aborted !== true) {
    const living = findProcesses(ending);
    if (living.length === 0) return;
    for (const { pid } of living) {
      // Once each: a process may take a second TERM for impatience.
      if (!asked.has(pid)) signal(pid, "SIGTERM");
      asked.add(pid);
    }
    await sleep(INTERVAL);
  }
  const end = performance.now() + KILL_TIME;
  for (;;) {
    const living = findProcesses(ending);
    for (const { pid } of living) signal(pid, "SIGKILL");
    if (living.length === 0 || performance.now() > end) return;
    await sleep(INTERVAL);
  }
}

function signal(pid: number, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already, or changed its user.
  }
}
