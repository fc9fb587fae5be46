import { rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder, parseRevision, readIfThere, writeAnew, writeError } from "../../lib/index.ts";
import type { Ref } from "../server/session.ts";

/**
 * Adds references to a repository, all in one file (git-pack-refs), whatever their number. A name that a server gives and git would not
 * is left out, as git does. Only for a repository that nobody else writes to.
 */
export async function addPackedRefs(gitFolder: string, refs: readonly Ref[]): Promise<void> {
  if (refs.length === 0) return;
  const path = join(gitFolder, "packed-refs");
  try {
    const all = new Map([...(await readPackedRefs(path)), ...refs.filter(isWellNamed).map(entryOf)]);
    const lines = [...all]
      .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map(([, line]) => line);
    await writeAnew(`${path}.new`, `# pack-refs with: sorted \n${lines.join("")}`);
    await rename(`${path}.new`, path);
  } catch (cause) {
    throw writeError(path, cause);
  }
}

/** Writes one reference to a file of its own, which wins over a packed one. */
export async function writeRef(gitFolder: string, { name, object }: Ref): Promise<void> {
  const path = join(gitFolder, name);
  try {
    await makeFolder(dirname(path));
    await writeAnew(path, `${object}\n`);
  } catch (cause) {
    throw writeError(path, cause);
  }
}

function isWellNamed({ name }: Ref): boolean {
  try {
    const revision = parseRevision(name);
    return revision.kind === "ref" && revision.ref === name && !name.includes("\ufffd");
  } catch {
    return false;
  }
}

/** Without what a tag points to: git would believe it, and it is the server's word alone. */
function entryOf({ name, object }: Ref): [string, string] {
  return [name, `${object} ${name}\n`];
}

async function readPackedRefs(path: string): Promise<Map<string, string>> {
  const text = (await readIfThere(path)) ?? "";
  const entries = [...text.matchAll(/^[0-9a-f]{40,64} (.+)\n/gm)];
  return new Map(entries.map((match) => [match[1]!, match[0]]));
}
