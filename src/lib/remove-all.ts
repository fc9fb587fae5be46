import { rm } from "node:fs/promises";
import { runProgram } from "./run-program.ts";

/**
 * Removes a folder with everything in it. By `rm`, which goes from folder to folder: git and jobs make paths that are longer than any that this runtime can
 * name, and for deep ones it is many times as fast. Throws what keeps a part of it from being removed.
 */
export async function removeAll(path: string): Promise<void> {
  await runProgram("rm", ["-rf", "--", path], { env: { PATH: "/usr/bin:/bin" } }).catch(() => undefined);
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}
