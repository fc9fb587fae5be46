import { randomUUID } from "node:crypto";
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How often a supervisor gives a sign of life, in milliseconds. */
const EVERY = 5_000;
/** A supervisor that gave none for so long is gone. */
const SILENCE = 60_000;

/**
 * A supervisor's sign of life in its run's folder, for those who cannot see its process: another host, another container. Nobody's clock counts
 * but that of the file system.
 */
export function startHeartbeat(runFolder: string): { stop: () => void } {
  const beat = (): void => void writeFile(pathOf(runFolder), "", { mode: 0o600 }).catch(() => undefined);
  beat();
  const timer = setInterval(beat, EVERY).unref();
  return { stop: () => clearInterval(timer) };
}

/** Whether the sign of life has stopped. Looked at twice, for a machine that slept: its supervisors give the next sign a moment after it woke. */
export async function hasFallenSilent(runFolder: string): Promise<boolean> {
  if (!(await isSilent(runFolder))) return false;
  await sleep(EVERY * 1.5);
  return isSilent(runFolder);
}

/** False for a run whose supervisor gives no signs, and for a folder that cannot be written. */
async function isSilent(runFolder: string): Promise<boolean> {
  const probe = join(runFolder, `now-${randomUUID()}`);
  try {
    await writeFile(probe, "", { mode: 0o600 });
    const [last, now] = await Promise.all([stat(pathOf(runFolder)), stat(probe)]);
    return now.mtimeMs - last.mtimeMs > SILENCE;
  } catch {
    return false;
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

function pathOf(runFolder: string): string {
  return join(runFolder, "alive");
}
