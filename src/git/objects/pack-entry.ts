import type { ByteWindow } from "./byte-window.ts";
import { objectHead } from "./pack-header.ts";
import type { Inflater } from "./inflater.ts";

/** One object of a pack as it is written there (gitformat-pack). */
export interface Entry {
  /** `named`: a delta whose base is told by its name. */
  type: "commit" | "tree" | "blob" | "tag" | "delta" | "named";
  /** Of its content. */
  size: number;
  /** Of a `delta`: how many bytes before it its base begins. */
  distance: number;
  /** Bytes of all of it in the pack. */
  length: number;
}

/** It is not whole: when to look again. */
export interface Incomplete {
  /** Bytes from its beginning. */
  needs: number;
}

export interface EntryOptions {
  oidBytes: number;
  inflate: Inflater;
  /** Where a content of this size is to go; undefined where it is too large. */
  outputFor: (size: number) => { output: Buffer; at: number } | undefined;
}

const TYPES: readonly (Entry["type"] | undefined)[] = [
  ...([undefined, "commit", "tree", "blob", "tag"] as const),
  ...([undefined, "delta", "named"] as const),
];
/** More bytes than a size or a distance takes. */
const NUMBER = 10;

/** Reads the object with which the window begins, and does not take it. Undefined for what is none, and for what is too large. */
export function readEntry(window: ByteWindow, options: EntryOptions): Entry | Incomplete | undefined {
  const { buffer: input, start, end } = window;
  const there = end - start;
  const head = objectHead(input, start);
  if (head === undefined || head.end > end) return there < NUMBER ? { needs: there + 1 } : undefined;
  const { size } = head;
  const type = TYPES[head.type];
  const place = options.outputFor(size);
  if (type === undefined || place === undefined) return undefined;
  const base = type === "delta" ? readDistance(input, head.end) : { distance: 0, end: head.end };
  if (base === undefined || base.end > end) return end - head.end < NUMBER ? { needs: there + 1 } : undefined;
  const data = base.end + (type === "named" ? options.oidBytes : 0);
  if (data >= end) return { needs: data - start + 1 };
  const inflated = options.inflate({ input, start: data, end, ...place, size });
  if (inflated === "broken") return undefined;
  if (inflated !== "incomplete") return { type, size, distance: base.distance, length: data - start + inflated };
  // twice as many, so that a large one is not tried at each piece; but no more than it can have (zlib, "deflateBound")
  const most = data - start + size + (size >> 9) + 64;
  return there < most ? { needs: Math.min(2 * there, most) } : undefined;
}

/** Seven bits in each byte, the highest first; each byte but the last counts one more than it says. */
function readDistance(bytes: Buffer, start: number): { distance: number; end: number } | undefined {
  let distance = -1;
  for (let end = start; end < start + NUMBER; end += 1) {
    const byte = bytes[end];
    if (byte === undefined) return undefined;
    distance = (distance + 1) * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) return { distance, end: end + 1 };
  }
  return undefined;
}
