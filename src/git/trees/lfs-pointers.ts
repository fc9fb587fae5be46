import { join } from "node:path";
import { readSmallFile } from "../../lib/index.ts";
import type { Git } from "../process/open-git.ts";

/** A file of the tree that stands for a content kept by an LFS server. */
export interface LfsPointer {
  path: string;
  oid: string;
  /** Of the content. */
  size: number;
}

const LARGEST_POINTER = 1024;
const LARGEST_ATTRIBUTES = 1024 * 1024;

/** The pointers among the files that are checked out: those with `filter=lfs` whose content is one (git-lfs, docs/spec.md, "The Pointer"). */
export async function lfsPointers(git: Git, tree: string): Promise<LfsPointer[]> {
  const { stdout: files } = await git.run(["ls-files", "-z"], { cwd: tree });
  if (files.length === 0) return [];
  const { stdout } = await git.run(["check-attr", "-z", "--stdin", "filter"], { cwd: tree, input: files });
  const fields = stdout.toString("utf8").split("\0");
  const pointers: LfsPointer[] = [];
  for (let at = 0; at + 2 < fields.length; at += 3) {
    if (fields[at + 2] !== "lfs") continue;
    const pointer = await readPointer(tree, fields[at]!);
    if (pointer !== undefined) pointers.push(pointer);
  }
  return pointers;
}

/** Whether the repository keeps files with LFS, as far as its topmost `.gitattributes` tells. */
export async function usesLfs(tree: string): Promise<boolean> {
  const text = await readSmallFile(join(tree, ".gitattributes"), LARGEST_ATTRIBUTES);
  return text !== undefined && /^[^#\n]*\sfilter=lfs(\s|$)/m.test(text);
}

async function readPointer(tree: string, path: string): Promise<LfsPointer | undefined> {
  const text = await readSmallFile(join(tree, path), LARGEST_POINTER);
  if (text === undefined || !/^version https:\/\/(git-lfs\.github\.com|hawser\.github\.com)\/spec\//.test(text))
    return undefined;
  const oid = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const size = /^size (\d+)$/m.exec(text)?.[1];
  return oid === undefined || size === undefined ? undefined : { path, oid, size: Number(size) };
}
