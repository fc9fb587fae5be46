import type { LogPosition } from "../../executors/index.ts";
import type { Piece } from "./line-splitter.ts";

/** A piece of output, with the place where an engine's own log has it. */
export interface PlacedPiece extends Piece {
  /** RFC 3339. */
  time?: string;
  /** As it is written: everything of the stream up to this place is kept then. */
  at?: string;
}

/** Finds the place of each line of a stream; masking may hold a line back until more comes. */
export interface LinePlaces {
  /** One chunk came, from here. */
  add: (position: LogPosition, chunk: { endsLine: boolean }) => void;
  /** The pieces that are written now, in order, with their places. */
  of: (pieces: readonly Piece[]) => PlacedPiece[];
  /** The same when nothing is held back after them. */
  ofAll: (pieces: readonly Piece[]) => PlacedPiece[];
}

/** Each line end in the output is that of one chunk. A mask that covers line ends gives the lines behind it earlier places: none is lost by it. */
export function createLinePlaces(): LinePlaces {
  const waiting: { position: LogPosition; endsLine: boolean }[] = [];

  function placed(piece: Piece): PlacedPiece {
    const end = piece.partial === true ? -1 : waiting.findIndex(({ endsLine }) => endsLine);
    const own = waiting[Math.max(end, 0)];
    if (own === undefined) return piece;
    const { time } = own.position;
    if (end === -1) return { ...piece, time };
    waiting.splice(0, end + 1);
    return { ...piece, time, at: textOf(own.position) };
  }

  function of(pieces: readonly Piece[]): PlacedPiece[] {
    return pieces.map(placed);
  }

  function ofAll(pieces: readonly Piece[]): PlacedPiece[] {
    const all = of(pieces);
    const last = all.at(-1);
    const open = waiting.at(-1);
    if (last?.partial === true && open !== undefined && waiting.every(({ endsLine }) => !endsLine)) {
      waiting.length = 0;
      last.at = textOf(open.position);
    }
    return all;
  }

  return { add: (position, { endsLine }) => void waiting.push({ position, endsLine }), of, ofAll };
}

function textOf({ time, count }: LogPosition): string {
  return `${time}#${count}`;
}
