import { randomUUID } from "node:crypto";
import { chmod, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { FileStep } from "../compile/index.ts";
import { makeFolder, writeError } from "../lib/index.ts";

/** Writes the file of a step at this path of this machine, whole or not at all. */
export async function writeFileStep(step: FileStep, path: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await makeFolder(dirname(path));
    await writeFile(temporary, step.content, { flag: "wx" });
    // Not by the mode of writeFile, from which the umask takes.
    await chmod(temporary, step.mode);
    await rename(temporary, path);
  } catch (error) {
    throw writeError(path, error);
  }
}
