import { rmSync, writeFileSync } from "node:fs";
import { setChecksum } from "../git-index.ts";
import type { Folder, Place } from "./tree-paths.ts";

export interface WrittenFile {
  /** Where it is: an ASCII path, shorter than 4095. */
  place: Place;
  size: number;
}

export interface IndexContent {
  files: readonly WrittenFile[];
  /** Of all files, in seconds. */
  time: number;
  /** Where the files are all there are: the root and every folder below, each after the one that it is in. */
  folders?: readonly Folder[] | undefined;
  oidBytes: number;
}

const HEADER = 12;
const STAT = 40;

/**
 * Writes an index of version 2 (gitformat-index), for a repository that compares no more of a file than its time in seconds and its size
 * (core.checkStat=minimal); with folders, it knows the objects that they are, too.
 */
export function writeIndex(path: string, { files, time, folders, oidBytes }: IndexContent): void {
  // by bytes, which for ASCII is what comparing strings does
  const sorted = files.toSorted((a, b) => (a.place.path < b.place.path ? -1 : 1));
  const extension = folders === undefined ? Buffer.alloc(0) : treeExtension(sorted, folders);
  const size = sorted.reduce((sum, file) => sum + entrySize(file, oidBytes), HEADER);
  const index = Buffer.alloc(size + extension.length + oidBytes);
  index.write("DIRC", "latin1");
  index.writeUInt32BE(2, 4);
  index.writeUInt32BE(sorted.length, 8);
  let at = HEADER;
  for (const file of sorted) {
    const { path: name, mode, blob } = file.place;
    index.writeUInt32BE(time, at);
    index.writeUInt32BE(time, at + 8);
    index.writeUInt32BE(Number.parseInt(mode, 8), at + 24);
    index.writeUInt32BE(file.size, at + 36);
    index.write(blob, at + STAT, "hex");
    index.writeUInt16BE(name.length, at + STAT + oidBytes);
    index.write(name, at + STAT + oidBytes + 2, "latin1");
    at += entrySize(file, oidBytes);
  }
  extension.copy(index, at);
  setChecksum(index, oidBytes);
  try {
    writeFileSync(path, index);
  } catch (error) {
    // git would take a part of it for damage
    rmSync(path, { force: true });
    throw error;
  }
}

/** Padded with 1 to 8 NULs to a multiple of 8. */
function entrySize({ place }: WrittenFile, oidBytes: number): number {
  return Math.floor((STAT + oidBytes + 2 + place.path.length + 8) / 8) * 8;
}

interface CachedTree {
  folder: Folder;
  name: string;
  files: number;
  below: CachedTree[];
}

/** "Cache tree" of gitformat-index: each folder's name, the number of files in and below it, that of folders in it, its object. */
function treeExtension(files: readonly WrittenFile[], folders: readonly Folder[]): Buffer {
  const trees = new Map<string, CachedTree>();
  for (const folder of folders) {
    const slash = folder.path.lastIndexOf("/");
    const tree = { folder, name: folder.path.slice(slash + 1), files: 0, below: [] };
    trees.set(folder.path, tree);
    if (folder.path !== "") trees.get(folder.path.slice(0, Math.max(0, slash)))?.below.push(tree);
  }
  for (const { place } of files) {
    const tree = trees.get(place.folder.path);
    if (tree !== undefined) tree.files += 1;
  }
  const parts: Buffer[] = [];
  const root = trees.get("");
  if (root !== undefined) write(root, parts);
  const content = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.write("TREE", "latin1");
  head.writeUInt32BE(content.length, 4);
  return Buffer.concat([head, content]);
}

function write({ folder, name, files, below }: CachedTree, parts: Buffer[]): number {
  const at = parts.length;
  parts.push(Buffer.alloc(0));
  // git has shorter names first
  const sorted = below.toSorted((a, b) => a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  let all = files;
  for (const tree of sorted) all += write(tree, parts);
  const head = Buffer.from(`${name}\0${all} ${below.length}\n`, "latin1");
  parts[at] = Buffer.concat([head, Buffer.from(folder.tree, "hex")]);
  return all;
}
