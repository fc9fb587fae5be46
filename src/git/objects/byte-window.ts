/** A stream's bytes, as far as they came and were not taken: those of `buffer` from `start` to `end`. */
export interface ByteWindow {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  /** Bytes that were taken. */
  readonly taken: number;
  /** Bytes that came and were not taken, in the buffer or not. */
  readonly waiting: number;
  add: (pieces: readonly Buffer[]) => void;
  /** Brings so many bytes into the buffer; false where they did not come yet. */
  reach: (length: number) => boolean;
  take: (length: number) => void;
  /** Forgets everything that is there and that comes. */
  close: () => void;
}

const USUAL = 128 * 1024;
const NONE = Buffer.alloc(0);

/** Brings pieces together in one place that is used again and again: new memory for each would be as much to collect as came. */
export function openWindow(): ByteWindow {
  let open = true;
  let pieces: Buffer[] = [];
  /** How much of the first piece is in the buffer. */
  let begun = 0;
  const window = {
    buffer: NONE,
    ...{ start: 0, end: 0, taken: 0, waiting: 0 },
    add(more: readonly Buffer[]) {
      if (!open) return;
      for (const piece of more) window.waiting += piece.length;
      pieces.push(...more);
    },
    reach(length: number) {
      if (window.end - window.start >= length) return true;
      if (window.waiting < length) return false;
      makeRoom(length);
      fill();
      return true;
    },
    take(length: number) {
      window.start += length;
      window.waiting -= length;
      window.taken += length;
    },
    close() {
      open = false;
      pieces = [];
      Object.assign(window, { buffer: NONE, start: 0, end: 0, waiting: 0 });
    },
  };

  function makeRoom(length: number): void {
    const { buffer, start, end } = window;
    if (length > buffer.length) window.buffer = Buffer.allocUnsafeSlow(Math.max(USUAL, 2 * length));
    buffer.copy(window.buffer, 0, start, end);
    window.end = end - start;
    window.start = 0;
  }

  function fill(): void {
    let used = 0;
    for (const piece of pieces) {
      const copied = piece.copy(window.buffer, window.end, begun);
      window.end += copied;
      begun += copied;
      if (begun < piece.length) break;
      begun = 0;
      used += 1;
    }
    pieces.splice(0, used);
  }

  return window;
}
