import { isAttributes } from "./attributes.ts";
import { entryAt, HEADER, indexVersion, objectAt, setChecksum } from "./git-index.ts";

/** An index that several gits fill in at once, each a part of it. */
export interface IndexParts {
  /** Indexes of their own: of files, each of other folders as far as there are enough. */
  files: readonly Buffer[];
  /** Of links and submodules, where there are any. */
  others: readonly Buffer[];
  /** Objects of all `.gitattributes`; undefined where one of them is no file. */
  attributes: readonly string[] | undefined;
  /** Folders of the files, each after the one that it is in; the bytes of a path as latin1. */
  folders: Iterable<string>;
  /** The whole index, with what the parts (files, then others) say by now of the files on disk. Undefined where one of them has other entries. */
  join: (written: readonly Buffer[]) => Buffer | undefined;
}

export interface SplitOptions {
  /** 20 or 32. */
  oidBytes: number;
  /** How many parts the files are to be in. */
  parts: number;
}

/** Paths may be long, and each part of them a folder: more than these take longer to be told apart than git to write. */
const MOST_FOLDERS = 100_000;

/** Splits an index of version 2 (gitformat-index), into which they are joined again; undefined for any other, and for one of very many folders. */
export function splitIndex(index: Buffer, { oidBytes, parts }: SplitOptions): IndexParts | undefined {
  if (indexVersion(index, oidBytes) !== 2) return undefined;
  const read = readEntries(index, oidBytes);
  if (read === undefined) return undefined;
  const { files, others, folders, attributes } = read;
  const lists = [...inParts(files, parts), ...(others.length > 0 ? [others] : [])];
  const indexes = lists.map((entries) => partOf(index, entries, oidBytes));
  const split = lists.length - (others.length > 0 ? 1 : 0);
  return {
    files: indexes.slice(0, split),
    others: indexes.slice(split),
    attributes,
    folders,
    join(written) {
      const same = lists.every((entries, place) => putBack(index, entries, written[place]));
      if (!same) return undefined;
      setChecksum(index, oidBytes);
      return index;
    },
  };
}

/** Its bytes in the index. */
interface Entry {
  start: number;
  end: number;
  folder: string;
}

function readEntries(index: Buffer, oidBytes: number) {
  const [files, others]: [Entry[], Entry[]] = [[], []];
  const attributes = new Set<string>();
  let plain = true;
  const folders = new Set<string>();
  function addFolder(folder: string): void {
    if (folder === "" || folders.has(folder)) return;
    addFolder(folderOf(folder));
    folders.add(folder);
  }
  let start = HEADER;
  for (let left = index.readUInt32BE(HEADER - 4); left > 0; left -= 1) {
    const { mode, name, nameEnd, end } = entryAt(index, start, oidBytes);
    const path = index.toString("latin1", name, nameEnd);
    if (isAttributes(path)) {
      attributes.add(objectAt(index, start, oidBytes));
      plain &&= isFile(mode);
    }
    const entry = { start, end, folder: folderOf(path) };
    if (isFile(mode)) {
      files.push(entry);
      addFolder(entry.folder);
    } else others.push(entry);
    if (folders.size > MOST_FOLDERS) return undefined;
    start = end;
  }
  return { files, others, folders, attributes: plain ? [...attributes] : undefined };
}

function isFile(mode: number): boolean {
  return mode >>> 12 === 0o10;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Of about the same length, and each of folders that no other has: two processes that make files in one folder wait for each other. */
function inParts(files: readonly Entry[], count: number): Entry[][] {
  const parts: Entry[][] = [];
  for (let from = 0; from < files.length;) {
    const usual = from + Math.ceil((files.length - from) / (count - parts.length));
    let to = usual;
    while (to < files.length && files[to]!.folder === files[to - 1]!.folder) to += 1;
    // the rest is one folder
    if (to === files.length) to = usual;
    parts.push(files.slice(from, to));
    from = to;
  }
  return parts;
}

/** git does not look at the checksum when it reads an index, but at its place. */
function partOf(index: Buffer, entries: readonly Entry[], oidBytes: number): Buffer {
  const header = Buffer.from(index.subarray(0, HEADER));
  header.writeUInt32BE(entries.length, HEADER - 4);
  return Buffer.concat([
    header,
    ...runsOf(entries).map(([start, end]) => index.subarray(start, end)),
    Buffer.alloc(oidBytes),
  ]);
}

/** False where the part has other entries. */
function putBack(index: Buffer, entries: readonly Entry[], part: Buffer | undefined): boolean {
  const runs = runsOf(entries);
  const length = runs.reduce((sum, [start, end]) => sum + end - start, HEADER);
  if (part === undefined || part.length < length || part.readUInt32BE(HEADER - 4) !== entries.length) return false;
  let at = HEADER;
  for (const [start, end] of runs) at += part.copy(index, start, at, at + end - start);
  return true;
}

/** Entries that follow each other are one piece of the index. */
function runsOf(entries: readonly Entry[]): [start: number, end: number][] {
  const runs: [number, number][] = [];
  for (const { start, end } of entries) {
    const last = runs.at(-1);
    if (last?.[1] === start) last[1] = end;
    else runs.push([start, end]);
  }
  return runs;
}
