import { constants, createInflate, inflateSync } from "node:zlib";
import { errnoOf } from "../../lib/index.ts";

/** The zlib stream (RFC 1950) to be inflated, and where to; other bytes may follow it. */
export interface Inflating {
  input: Buffer;
  start: number;
  end: number;
  output: Buffer;
  at: number;
  /** What it must have inflated. */
  size: number;
}

/** Returns the bytes of the input that the stream takes. `incomplete`: there are more of them; `broken`: it is none, or has another size. */
export type Inflater = (stream: Inflating) => number | "incomplete" | "broken";

/**
 * An inflater for many small streams. Node's own function makes an engine and a buffer for each of them, which takes twice as long and leaves more to collect
 * than was inflated; where this Node has what that function is made of, one engine does all.
 */
export function openInflater(): Inflater {
  const engine = createInflate() as unknown as { _handle?: Partial<Engine>; _writeState?: unknown };
  const { _handle: handle, _writeState: state } = engine;
  if (!isEngine(handle) || !(state instanceof Uint32Array)) return inflatePlainly;
  let broken = false;
  handle.onerror = () => void (broken = true);
  return ({ input, start, end, output, at, size }) => {
    // without room for a byte nothing is read
    const room = Math.max(1, size);
    handle.reset();
    broken = false;
    handle.writeSync(constants.Z_SYNC_FLUSH, input, start, end - start, output, at, room);
    const [roomLeft = 0, inputLeft = 0] = state;
    if (broken) return "broken";
    if (room - roomLeft === size && inputLeft > 0) return end - start - inputLeft;
    return inputLeft === 0 ? "incomplete" : "broken";
  };
}

/** The same by what Node documents. */
export function inflatePlainly({ input, start, end, output, at, size }: Inflating): ReturnType<Inflater> {
  try {
    const options = { info: true, chunkSize: Math.max(64, size), maxOutputLength: Math.max(1, size) };
    // what `info` makes of the result is missing in the types
    const { buffer, engine } = inflateSync(input.subarray(start, end), options) as unknown as Inflated;
    if (buffer.length !== size) return "broken";
    buffer.copy(output, at);
    return engine.bytesWritten;
  } catch (error) {
    return errnoOf(error) === "Z_BUF_ERROR" ? "incomplete" : "broken";
  }
}

interface Inflated {
  buffer: Buffer;
  engine: { bytesWritten: number };
}

/** zlib itself, as Node's streams use it. */
interface Engine {
  reset: () => void;
  writeSync: (
    flush: number,
    input: Buffer,
    start: number,
    length: number,
    output: Buffer,
    at: number,
    room: number,
  ) => void;
  onerror: () => void;
}

function isEngine(handle: Partial<Engine> | undefined): handle is Engine {
  return typeof handle?.writeSync === "function" && typeof handle.reset === "function";
}
