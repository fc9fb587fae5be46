import { readFileSync } from "node:fs";

/** Contents of blobs that came, for whatever comes later and needs them. */
export interface Contents {
  /** A blob has no place yet: it is held in memory, unless that is too much. */
  hold: (blob: string, content: Buffer) => void;
  /** A blob is in this file. */
  inFile: (blob: string, path: string) => void;
  /** Where a blob begins in the pack. */
  note: (blob: string, offset: number) => void;
  /** Undefined where it is not at hand. */
  of: (blob: string) => Buffer | undefined;
  at: (offset: number) => Buffer | undefined;
}

const MOST_HELD = 4 * 1024 * 1024;

export function openContents(): Contents {
  const held = new Map<string, Buffer>();
  const files = new Map<string, string>();
  const blobs = new Map<number, string>();
  let bytes = 0;

  function of(blob: string): Buffer | undefined {
    const path = files.get(blob);
    if (path === undefined) return held.get(blob);
    try {
      return readFileSync(path);
    } catch {
      return undefined;
    }
  }

  return {
    hold(blob, content) {
      if (held.has(blob) || bytes + content.length > MOST_HELD) return;
      held.set(blob, Buffer.from(content));
      bytes += content.length;
    },
    inFile(blob, path) {
      files.set(blob, path);
      bytes -= held.get(blob)?.length ?? 0;
      held.delete(blob);
    },
    note: (blob, offset) => void blobs.set(offset, blob),
    of,
    at(offset) {
      const blob = blobs.get(offset);
      return blob === undefined ? undefined : of(blob);
    },
  };
}
