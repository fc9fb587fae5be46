import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { readIndex, type GitIndex } from "./git-index.ts";

/** The index of a working tree whose repository is of this commit's format. */
export async function indexOf(tree: string, commit: string): Promise<GitIndex | undefined> {
  const bytes = await readIndexFile(tree);
  return bytes && readIndex(bytes, commit.length / 2);
}

/** The same, where some folder below the top has attributes of its own: that is seen without reading it entry by entry. */
export async function indexWithAttributesBelow(tree: string, commit: string): Promise<GitIndex | undefined> {
  const bytes = await readIndexFile(tree);
  if (bytes?.includes("/.gitattributes\0", 0, "latin1") !== true) return undefined;
  return readIndex(bytes, commit.length / 2);
}

/** Makes git write every file anew. */
export async function forgetIndex(tree: string): Promise<void> {
  await rm(indexFile(tree), { force: true });
}

function readIndexFile(tree: string): Promise<Buffer | undefined> {
  return readFile(indexFile(tree)).catch(() => undefined);
}

function indexFile(tree: string): string {
  return join(tree, ".git/index");
}
