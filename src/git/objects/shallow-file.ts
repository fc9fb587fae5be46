import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readIfThere, writeAnew, writeError } from "../../lib/index.ts";

/** The commits of a repository whose parents are not there (gitrepository-layout, "shallow"). */
export async function readShallow(gitFolder: string): Promise<string[]> {
  const text = await readIfThere(join(gitFolder, "shallow"));
  return text?.match(/^[0-9a-f]{40,64}$/gm) ?? [];
}

/** Writes them; there is no such file where there are none. */
export async function writeShallow(gitFolder: string, commits: Iterable<string>): Promise<void> {
  const path = join(gitFolder, "shallow");
  const lines = [...new Set(commits)].map((commit) => `${commit}\n`);
  try {
    if (lines.length === 0) await rm(path, { force: true });
    else await writeAnew(path, lines.join(""));
  } catch (cause) {
    throw writeError(path, cause);
  }
}

/** Takes away what a git leaves that is ended at the moment at which it makes its lock; for a repository that nobody else works in. */
export async function unlockShallow(gitFolder: string): Promise<void> {
  await rm(join(gitFolder, "shallow.lock"), { force: true });
}
