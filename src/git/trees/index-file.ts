import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { readIndex, type GitIndex } from "./git-index.ts";

/** The index of a working tree whose repository is of this commit's format. */
export async function indexOf(tree: string, commit: string): Promise<GitIndex | undefined> {
  const bytes = await readFile(indexFile(tree)).catch(() => undefined);
  return bytes && readIndex(bytes, commit.length === 64 ? 32 : 20);
}

/** Whether some folder below the top has attributes of its own: without reading the index entry by entry. */
export async function hasAttributesBelow(tree: string): Promise<boolean> {
  const bytes = await readFile(indexFile(tree)).catch(() => undefined);
  return bytes?.includes("/.gitattributes\0", 0, "latin1") === true;
}

/** Makes git write every file anew. */
export async function forgetIndex(tree: string): Promise<void> {
  await rm(indexFile(tree), { force: true });
}

export function isAttributes(path: string): boolean {
  return /(^|\/)\.gitattributes$/.test(path);
}

function indexFile(tree: string): string {
  return join(tree, ".git/index");
}
