/** Longest text kept as one entry, in bytes; what is longer goes on in the next. */
export const LONGEST_LINE = 64 * 1024;

/** A line of output or a piece of one. */
export interface Piece {
  text: string;
  /** Where the bytes are not UTF-8. */
  bytes?: Uint8Array;
  /** No line end followed. */
  partial?: true;
}

/** Cuts a stream of bytes into lines. */
export interface LineSplitter {
  push: (chunk: Uint8Array) => Piece[];
  /** What waits for its line end, but for a character that is not complete. */
  flush: () => Piece[];
  end: () => Piece[];
}

export function createLineSplitter(): LineSplitter {
  let rest: Buffer = Buffer.alloc(0);

  function push(chunk: Uint8Array): Piece[] {
    const pieces: Piece[] = [];
    const bytes = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      pieces.push(...piecesOf(bytes.subarray(start, end), { ended: true }).pieces);
      start = end + 1;
    }
    const open = piecesOf(bytes.subarray(start), { ended: false });
    rest = Buffer.from(open.rest);
    return [...pieces, ...open.pieces];
  }

  function flush(): Piece[] {
    const cut = characterStart(rest, rest.length);
    const ready = rest.subarray(0, cut);
    rest = Buffer.from(rest.subarray(cut));
    return ready.length === 0 ? [] : [{ ...pieceOf(ready), partial: true }];
  }

  function end(): Piece[] {
    const ready = rest;
    rest = Buffer.alloc(0);
    return ready.length === 0 ? [] : [{ ...pieceOf(ready), partial: true }];
  }

  return { push, flush, end };
}

/** One line cut to entries of at most the longest length; of an unfinished line the last, short one is the rest. */
function piecesOf(line: Buffer, { ended }: { ended: boolean }): { pieces: Piece[]; rest: Buffer } {
  const pieces: Piece[] = [];
  let left = line;
  while (left.length > LONGEST_LINE) {
    const cut = characterStart(left, LONGEST_LINE) || LONGEST_LINE;
    pieces.push({ ...pieceOf(left.subarray(0, cut)), partial: true });
    left = left.subarray(cut);
  }
  if (!ended) return { pieces, rest: left };
  pieces.push(pieceOf(left));
  return { pieces, rest: Buffer.alloc(0) };
}

/** The nearest place at or before `index` that does not cut a UTF-8 character; `index` itself where the bytes are none. */
function characterStart(bytes: Buffer, index: number): number {
  for (let back = 1; back <= 3 && back <= index; back++) {
    const byte = bytes[index - back] as number;
    if (byte < 0x80) return index;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? index - back : index;
    }
  }
  return index;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function pieceOf(bytes: Buffer): Piece {
  try {
    return { text: strict.decode(bytes) };
  } catch {
    return { text: bytes.toString(), bytes: Buffer.from(bytes) };
  }
}
