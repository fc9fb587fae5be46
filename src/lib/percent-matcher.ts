import { createByteMatcher, type ByteMatcher } from "./byte-matcher.ts";

/**
 * A matcher of these patterns (none empty) in what percent signs stand for (RFC 3986, section 2.1), whichever bytes are written so and with digits of either case.
 * Where there is no percent sign it finds nothing: what is there is seen as it stands by others.
 */
export function createPercentMatcher(patterns: Iterable<Uint8Array>): ByteMatcher {
  const matcher = createByteMatcher(patterns);
  return {
    scan(bytes) {
      if (!bytes.includes(PERCENT)) return { found: [], undecided: bytes.length };
      const { meant, places } = readPercent(bytes, "goes on");
      const { found, undecided } = matcher.scan(meant);
      const place = (index: number): number => places[index] as number;
      return { found: found.map(([start, end]) => [place(start), place(end)]), undecided: place(undecided) };
    },
  };
}

/** The bytes that these stand for. A percent sign without digits stands for itself. */
export function withoutPercent(bytes: Uint8Array): Uint8Array {
  return readPercent(bytes, "is whole").meant;
}

const PERCENT = 0x25;

/** The bytes that are meant, and where each of them begins, and the last one ends: before what may go on as an escape. */
function readPercent(bytes: Uint8Array, text: "goes on" | "is whole"): { meant: Uint8Array; places: Int32Array } {
  const meant = new Uint8Array(bytes.length);
  const places = new Int32Array(bytes.length + 1);
  let count = 0;
  let index = 0;
  while (index < bytes.length) {
    const byte = bytes[index] as number;
    const code = byte === PERCENT ? escapeAt(bytes, index) : undefined;
    if (code === "open" && text === "goes on") break;
    const isEscape = typeof code === "number";
    places[count] = index;
    meant[count++] = isEscape ? code : byte;
    index += isEscape ? 3 : 1;
  }
  places[count] = index;
  return { meant: meant.subarray(0, count), places };
}

/** What the escape that begins here stands for; `open` when it is not whole yet; undefined where it is none. */
function escapeAt(bytes: Uint8Array, index: number): number | "open" | undefined {
  let code = 0;
  for (const next of [index + 1, index + 2]) {
    if (next >= bytes.length) return "open";
    const digit = digitOf(bytes[next] as number);
    if (digit === undefined) return undefined;
    code = code * 16 + digit;
  }
  return code;
}

function digitOf(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : undefined;
}
