import { stat } from "node:fs/promises";
import { isMarkAlive } from "./processes.ts";

const DAY = 86_400_000;

/** Whether the process that made this file or folder, and named it by its `ownMark`, is gone; of one that only another machine could judge, whether it is a day old. */
export async function isLeftover(path: string, mark: string): Promise<boolean> {
  const alive = isMarkAlive(mark);
  if (alive !== undefined) return !alive;
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
  return Date.now() - mtimeMs > DAY;
}
