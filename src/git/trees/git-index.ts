import { createHash } from "node:crypto";

/** One file of an index, as far as it concerns what is on disk. */
export interface IndexEntry {
  /** Its bytes as latin1: names need not be UTF-8. */
  path: string;
  /** 0o100644, 0o100755, 0o120000 (link) or 0o160000 (submodule). */
  mode: number;
  /** Of the file on disk, modulo 2^32. */
  size: number;
  object: string;
  /** Whether the file is left out on purpose (sparse). */
  skipped: boolean;
  /** Where its times are in the index. */
  at: number;
}

export interface GitIndex {
  entries: IndexEntry[];
  /** The tree that the index says it is, where it says so. */
  tree?: string;
}

/** Before the first entry: `DIRC`, the version, the number of entries. */
export const HEADER = 12;
const STAT = 40;
const MODE = 24;
const MTIME = 8;
const NAME_LENGTH = 0xfff;
const EXTENDED = 0x4000;
const SKIPPED = 0x4000;

/** Reads an index (gitformat-index) of version 2 or 3; undefined for any other. `oidBytes` is 20 or 32. */
export function readIndex(index: Buffer, oidBytes: number): GitIndex | undefined {
  const version = indexVersion(index, oidBytes);
  if (version !== 2 && version !== 3) return undefined;
  const entries: IndexEntry[] = [];
  let at = HEADER;
  for (let left = index.readUInt32BE(8); left > 0; left -= 1) {
    const { mode, name, nameEnd, extended, end } = entryAt(index, at, oidBytes);
    entries.push({
      path: index.toString("latin1", name, nameEnd),
      mode,
      size: index.readUInt32BE(at + 36),
      object: objectAt(index, at, oidBytes),
      skipped: extended && (index.readUInt16BE(name - 2) & SKIPPED) !== 0,
      at,
    });
    at = end;
  }
  const tree = treeOf(index, at, oidBytes);
  return { entries, ...(tree !== undefined && { tree }) };
}

/** 0 for what is no index. */
export function indexVersion(index: Buffer, oidBytes: number): number {
  const isIndex = index.length >= HEADER + oidBytes && index.toString("latin1", 0, 4) === "DIRC";
  return isIndex ? index.readUInt32BE(4) : 0;
}

/** The object of the entry that begins here. */
export function objectAt(index: Buffer, at: number, oidBytes: number): string {
  return index.toString("hex", at + STAT, at + STAT + oidBytes);
}

/** The parts of the entry that begins here: its name is from `name` to `nameEnd`, the next one begins at `end`. */
export function entryAt(index: Buffer, at: number, oidBytes: number) {
  const flags = index.readUInt16BE(at + STAT + oidBytes);
  const extended = (flags & EXTENDED) !== 0;
  const name = at + STAT + oidBytes + 2 + (extended ? 2 : 0);
  const length = flags & NAME_LENGTH;
  const nameEnd = length < NAME_LENGTH ? name + length : index.indexOf(0, name);
  // padded with 1 to 8 NULs to a multiple of 8
  const end = at + Math.floor((nameEnd - at + 8) / 8) * 8;
  return { mode: index.readUInt32BE(at + MODE), name, nameEnd, extended, end };
}

/** A path of the file system as an index has it: its bytes, as latin1. */
export function indexPath(path: string): string {
  return ASCII.test(path) ? path : Buffer.from(path).toString("latin1");
}

// oxlint-disable-next-line no-control-regex -- every byte that is the same in both
const ASCII = /^[\0-\x7f]*$/;

/** Sets the checksum at the end of an index, of all that is before it. */
export function setChecksum(index: Buffer, oidBytes: number): void {
  const covered = index.subarray(0, index.length - oidBytes);
  const sum = createHash(oidBytes === 32 ? "sha256" : "sha1").update(covered);
  sum.digest().copy(index, covered.length);
}

/** Sets the time of these entries, in seconds; the checksum is left for the caller to set. */
export function setTimes(index: Buffer, entries: readonly IndexEntry[], seconds: number): void {
  for (const { at } of entries) {
    index.writeUInt32BE(seconds, at + MTIME);
    index.writeUInt32BE(0, at + MTIME + 4);
  }
}

/** The root of the cached tree: a NUL, the number of entries (negative: not known), a blank, the number of subtrees, a newline, the object. */
function treeOf(index: Buffer, start: number, oidBytes: number): string | undefined {
  for (let at = start; at + 8 < index.length - oidBytes;) {
    const size = index.readUInt32BE(at + 4);
    if (index.toString("latin1", at, at + 4) === "TREE") {
      const end = index.indexOf(10, at + 8);
      const known = /^\0\d+ \d+$/.test(index.toString("latin1", at + 8, end));
      return known ? index.toString("hex", end + 1, end + 1 + oidBytes) : undefined;
    }
    at += 8 + size;
  }
  return undefined;
}
