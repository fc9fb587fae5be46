import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JobFile } from "../../git/index.ts";
import { makePrivateFolder } from "../../lib/index.ts";

/** Puts files of git into a private folder, each by a rename: git may read it at any moment. */
export async function writeJobFiles(folder: string, files: readonly JobFile[]): Promise<void> {
  await makePrivateFolder(folder);
  for (const { name, content, mode } of files) {
    const path = join(folder, name);
    const temporary = `${path}.new`;
    await rm(temporary, { force: true });
    await writeFile(temporary, content, { mode: mode & 0o700, flag: "wx" });
    await rename(temporary, path);
  }
}
