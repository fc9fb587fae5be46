import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { problemRecord, type Problem } from "../../lib/index.ts";

/** What Kubernetes keeps of a container's last words, in bytes, with a little room. */
const MOST = 4_000;

/**
 * Writes a result as a container's last words. One that is too long is told by its commit, its tree and the SHA-256 of the whole, which is on stdout.
 */
export async function writeResult(file: string | undefined, result: object): Promise<void> {
  if (file === undefined) return;
  const text = JSON.stringify(result);
  const { commit, tree } = result as { commit?: string; tree?: string };
  const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  const short = Buffer.byteLength(text) <= MOST ? text : JSON.stringify({ commit, tree, digest });
  await writeFile(file, short).catch(() => {});
}

/** Writes errors, as many and as much of each as there is room for. */
export async function writeErrors(file: string | undefined, problems: readonly Problem[]): Promise<void> {
  if (file === undefined) return;
  const errors = problems.map(problemRecord);
  for (const longest of [2_000, 500, 200]) {
    const cut = errors.map((each) => ({
      ...each,
      message: each.message.slice(0, longest),
      hint: each.hint.slice(0, longest),
    }));
    for (let count = cut.length; count > 0; count = Math.floor(count / 2)) {
      const text = JSON.stringify({ errors: cut.slice(0, count) });
      if (Buffer.byteLength(text) <= MOST) return writeFile(file, text).catch(() => {});
    }
  }
}
