import { constants, copyFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { writeError } from "../../lib/index.ts";

/** Copies the finished packs of one folder into another, by sharing blocks where the file system does. */
export async function copyPacks(from: string, to: string): Promise<void> {
  try {
    for (const name of await readdir(from)) {
      if (name.startsWith("pack-")) await copyFile(join(from, name), join(to, name), constants.COPYFILE_FICLONE);
    }
  } catch (cause) {
    throw writeError(to, cause);
  }
}
