/** What another thread runs: it writes one piece after the other, and says how each went. */
import { parentPort } from "node:worker_threads";
import { BowlineError } from "../../../lib/index.ts";
import { DamagedTree, unpackPiece } from "./unpack-piece.ts";
import type { PieceFailure, PieceOrder } from "./unpack-pieces.ts";

parentPort?.on("message", (order: PieceOrder) => parentPort?.postMessage(write(order)));
parentPort?.postMessage("ready");

function write({ piece, stop }: PieceOrder): PieceFailure {
  try {
    for (const _ of unpackPiece(piece)) {
      if (Atomics.load(stop, 0) !== 0) break;
    }
    return {};
  } catch (error) {
    if (error instanceof DamagedTree) return { damaged: error.message };
    if (error instanceof BowlineError) return { problems: error.problems };
    return { other: String(error) };
  }
}
