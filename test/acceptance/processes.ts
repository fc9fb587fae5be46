import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Why processes cannot be looked at here, for the name of what is skipped. */
export const noProc: string | undefined = process.platform === "linux" ? undefined : "looks into /proc: Linux only";

/** A process as /proc shows it. */
export interface Seen {
  pid: number;
  /** Its words, with a NUL after each. */
  line: string;
  environment: string;
}

/** The processes that belong to a folder: by their words, their environment or their working directory. Zombies have none of these. */
export function processesOf(folder: string): Seen[] {
  const found: Seen[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const line = textOf(`/proc/${name}/cmdline`);
    const environment = textOf(`/proc/${name}/environ`);
    if (line.includes(folder) || environment.includes(folder) || placeOf(name).startsWith(folder)) {
      found.push({ pid: Number(name), line, environment });
    }
  }
  return found;
}

/** Waits until something holds; throws with `what` when it never does. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: () => string,
  milliseconds = 20_000,
): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`it never came to this: ${what()}`);
    await sleep(50);
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function placeOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}
