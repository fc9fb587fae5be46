import { hash } from "node:crypto";
import { openWindow } from "./byte-window.ts";
import { applyDelta } from "./delta.ts";
import { openInflater } from "./inflater.ts";
import { readEntry, type Entry } from "./pack-entry.ts";
import { PACK_HEADER_LENGTH } from "./pack-header.ts";

/** An object as it stands in a pack. */
export interface PackedObject {
  type: "commit" | "tree" | "blob";
  /** Its name, computed from its content. */
  name: string;
  /** Where it begins in the pack. */
  offset: number;
  /** That of a blob or commit is there until the next object is read. */
  content: Buffer;
}

export interface PackReader {
  /** Gets the next bytes of the pack, its header included; nobody may change them afterwards. */
  add: (bytes: readonly Buffer[]) => void;
  /**
   * The next object whose content is known. `more`: its bytes are not all there yet. `over`: nothing more will be read, for it was the last one, or the
   * pack is broken, or holds something larger than this is for.
   */
  next: () => PackedObject | "more" | "over";
  /** How many there are, as the pack says. */
  objects: () => number | undefined;
  /** Bytes that came and are not read yet. */
  waiting: () => number;
  /** All bytes came. */
  end: () => void;
  /** Forgets what came, and takes no more. */
  close: () => void;
}

export interface PackReaderOptions {
  oidBytes: number;
  /** The content of the blob that begins at this offset, where it is at hand. */
  blobAt: (offset: number) => Buffer | undefined;
}

/** Enough for nearly every file that people write. What is larger is for git, which need not hold it whole. */
const LARGEST = 4 * 1024 * 1024;
const USUAL = 128 * 1024;
/** Before a content: what its name is made of besides it. */
const ROOM = 32;

/**
 * Reads a pack (gitformat-pack) while it comes, in bounded memory, so as to know early what git will find in it. It promises nothing, and passes over what it has
 * no base for: only for what is checked by others.
 */
export function openPackReader({ oidBytes, blobAt }: PackReaderOptions): PackReader {
  const window = openWindow();
  const trees = openTrees();
  const algorithm = oidBytes === 32 ? "sha256" : "sha1";
  let scratch = Buffer.alloc(0);
  let objects: number | undefined;
  let left: number | undefined;
  let enough = PACK_HEADER_LENGTH;
  let ended = false;
  const options = { oidBytes, inflate: openInflater(), outputFor };

  function next(): PackedObject | "more" | "over" {
    for (;;) {
      const entry = nextEntry();
      if (entry === "more") return "more";
      const offset = window.taken;
      const object = entry && objectOf(entry, offset);
      if (entry === undefined || object === undefined) {
        left = 0;
        window.close();
        return "over";
      }
      window.take(entry.length);
      left = (left ?? 0) - 1;
      enough = 1;
      if (object !== "passed") return object;
    }
  }

  function readHeader(): boolean {
    if (left !== undefined || !window.reach(PACK_HEADER_LENGTH)) return left !== undefined;
    objects = left = window.buffer.readUInt32BE(window.start + 8);
    window.take(PACK_HEADER_LENGTH);
    enough = 1;
    return true;
  }

  /** Undefined: there is nothing more to read. */
  function nextEntry(): Entry | "more" | undefined {
    while (window.reach(ended ? Math.min(enough, window.waiting) : enough)) {
      if (left === undefined) {
        if (!readHeader()) return undefined;
        continue;
      }
      if (left === 0) return undefined;
      const entry = readEntry(window, options);
      if (entry === undefined || !("needs" in entry)) return entry;
      if (ended && window.end - window.start === window.waiting) return undefined;
      enough = entry.needs;
    }
    return "more";
  }

  /** Undefined for a delta that is none. */
  function objectOf({ type, size, distance }: Entry, offset: number): PackedObject | "passed" | undefined {
    if (type === "commit" || type === "tree" || type === "blob") return named({ type, size, offset });
    const tree = type === "delta" ? trees.get(offset - distance) : undefined;
    const base = tree ?? (type === "delta" ? blobAt(offset - distance) : undefined);
    if (base === undefined) return "passed";
    const made = applyDelta(base, scratch.subarray(ROOM, ROOM + size), LARGEST);
    if (made === undefined) return undefined;
    const { output, at } = outputFor(made.length) ?? { output: scratch, at: ROOM };
    made.copy(output, at);
    return named({ type: tree === undefined ? "blob" : "tree", size: made.length, offset });
  }

  /** Of what the scratch holds. The head of an object stands right before its content. */
  function named({ type, size, offset }: Pick<PackedObject, "type" | "offset"> & { size: number }): PackedObject {
    const head = `${type} ${size}\0`;
    const start = ROOM - head.length;
    scratch.write(head, start, "latin1");
    const name = hash(algorithm, scratch.subarray(start, ROOM + size), "hex");
    const content = scratch.subarray(ROOM, ROOM + size);
    return { type, name, offset, content: type === "tree" ? trees.keep(offset, Buffer.from(content)) : content };
  }

  function outputFor(size: number): { output: Buffer; at: number } | undefined {
    if (size > LARGEST) return undefined;
    if (scratch.length <= ROOM + size) scratch = Buffer.allocUnsafeSlow(ROOM + Math.max(USUAL, 2 * size));
    return { output: scratch, at: ROOM };
  }

  return {
    add: window.add,
    next,
    objects() {
      readHeader();
      return objects;
    },
    waiting: () => window.waiting,
    end: () => void (ended = true),
    close: window.close,
  };
}

interface Trees {
  /** Returns what it keeps. */
  keep: (offset: number, content: Buffer) => Buffer;
  get: (offset: number) => Buffer | undefined;
}

/** Trees that others may be made from, which mostly stand shortly after them. */
const KEPT = 4 * 1024 * 1024;

function openTrees(): Trees {
  const kept = new Map<number, Buffer>();
  let bytes = 0;
  return {
    keep(offset, content) {
      kept.set(offset, content);
      bytes += content.length;
      for (const [oldest, { length }] of kept) {
        if (bytes <= KEPT) break;
        kept.delete(oldest);
        bytes -= length;
      }
      return content;
    },
    get: (offset) => kept.get(offset),
  };
}
