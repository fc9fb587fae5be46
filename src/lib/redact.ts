import { createByteMatcher, type ByteMatcher } from "./byte-matcher.ts";
import { mapTexts } from "./json.ts";
import { createPercentMatcher, withoutPercent } from "./percent-matcher.ts";

/** What stands where a secret was. */
export const MASK = "***";

/** Secrets shorter than this are too much like ordinary words to be searched for, in bytes. */
export const SHORTEST_SECRET = 6;

/**
 * Keeps the secrets of one run out of logs, errors, statuses and events. Known are each secret, each of its lines, and their base64
 * (at any alignment, also wrapped into lines or url-safe), percent (whichever bytes are written so) and JSON forms.
 */
export interface Redactor {
  /** More secrets; streams that are open know them from their next byte on. */
  add: (secrets: Iterable<string | Uint8Array>) => void;
  text: (text: string) => string;
  /** A plain value with every text in it masked. */
  value: <T>(value: T) => T;
  stream: () => RedactingStream;
}

/** Masks a stream of bytes; what might be the beginning of a secret is held until it is known. */
export interface RedactingStream {
  push: (chunk: Uint8Array) => Uint8Array;
  /** Nothing came for a while: gives what is held if it is shorter than any secret. A secret that goes on is still masked from there. */
  pause: () => Uint8Array;
  end: () => Uint8Array;
}

export function createRedactor(secrets: Iterable<string | Uint8Array> = []): Redactor {
  const forms: Forms = { plain: new Set(), percent: new Set(), base64: new Set() };
  let matchers: readonly ByteMatcher[] | undefined;
  function current(): readonly ByteMatcher[] {
    return (matchers ??= [
      createByteMatcher([...forms.plain, ...forms.percent].map(fromLatin1)),
      createPercentMatcher([...forms.percent].map(fromLatin1)),
      createByteMatcher([...forms.base64].map(fromLatin1), readBase64),
    ]);
  }
  function add(more: Iterable<string | Uint8Array>): void {
    for (const secret of more) addForms(Buffer.from(secret as string), forms);
    matchers = undefined;
  }
  function text(input: string): string {
    if (forms.percent.size === 0) return input;
    const stream = redactingStream(current);
    const bytes = Buffer.concat([stream.push(Buffer.from(input)), stream.end()]);
    return bytes.toString();
  }
  add(secrets);
  return { add, text, value: (value) => mapTexts(value, text) as typeof value, stream: () => redactingStream(current) };
}

function redactingStream(matchers: () => readonly ByteMatcher[]): RedactingStream {
  let pending: Buffer = Buffer.alloc(0);
  /** So many bytes of `pending` belong to a secret that began before it. */
  let covered = 0;
  /** So many bytes of `pending` are out already; they are kept to know a secret by. */
  let given = 0;
  let lastWasMasked = false;

  /** Gives everything before `until` and forgets what is before `keep`. */
  function release(until: number, keep: number, ranges: readonly [number, number][]): Buffer {
    const parts: Buffer[] = [];
    let position = given;
    for (const [start, end] of ranges) {
      const from = Math.max(start, position);
      const to = Math.min(end, until);
      if (from >= to) continue;
      if (from > position) {
        parts.push(pending.subarray(position, from));
        lastWasMasked = false;
      }
      if (!lastWasMasked) parts.push(Buffer.from(MASK));
      lastWasMasked = true;
      position = to;
    }
    if (until > position) {
      parts.push(pending.subarray(position, until));
      lastWasMasked = false;
    }
    const cut = ranges.find(([start, end]) => start < keep && end > keep);
    const output = Buffer.concat(parts);
    pending = Buffer.from(pending.subarray(keep));
    covered = cut === undefined ? Math.max(0, covered - keep) : cut[1] - keep;
    given = Math.max(given, until) - keep;
    return output;
  }

  function scan(): { ranges: [number, number][]; undecided: number } {
    const scans = matchers().map((matcher) => matcher.scan(pending));
    const found = scans.flatMap((each) => each.found);
    if (covered > 0) found.push([0, covered]);
    return { ranges: merge(found), undecided: Math.min(...scans.map((each) => each.undecided)) };
  }

  return {
    push(chunk) {
      pending = Buffer.concat([pending, chunk]);
      const { ranges, undecided } = scan();
      return release(Math.max(undecided, given), undecided, ranges);
    },
    pause() {
      const { ranges } = scan();
      return pending.length < SHORTEST_SECRET ? release(pending.length, 0, ranges) : Buffer.alloc(0);
    },
    end() {
      return release(pending.length, pending.length, scan().ranges);
    },
  };
}

function merge(ranges: [number, number][]): [number, number][] {
  const merged: [number, number][] = [];
  for (const [start, end] of ranges.sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last === undefined || start > last[1]) merged.push([start, end]);
    else last[1] = Math.max(last[1], end);
  }
  return merged;
}

/** Texts of latin-1 letters, one a byte: equal forms are kept once. */
interface Forms {
  plain: Set<string>;
  /** Searched for as they are and in what percent signs stand for. */
  percent: Set<string>;
  base64: Set<string>;
}

function addForms(secret: Buffer, forms: Forms): void {
  const lines = secret.toString("latin1").split(/\r?\n|\r/);
  const texts = lines.length === 1 ? lines : [secret.toString("latin1"), ...lines];
  for (const text of texts) {
    // The armour of a PEM file is the same in every one.
    if (text.length < SHORTEST_SECRET || /^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/.test(text)) continue;
    const bytes = fromLatin1(text);
    for (const form of percentForms(text, bytes)) forms.percent.add(form);
    for (const form of jsonForms(bytes)) forms.plain.add(form);
    for (const form of base64Forms(bytes)) forms.base64.add(form);
  }
}

/**
 * Itself; as HTML forms have it, with `+` for a blank; as it is meant where it has percent signs itself, which some leave as they are; and with
 * percent signs, which may be written with percent signs once more.
 */
function percentForms(text: string, bytes: Buffer): string[] {
  const meant = Buffer.from(withoutPercent(bytes)).toString("latin1");
  const twice = text.length > LONGEST_TWICE ? [] : ALLOWED.flatMap((allowed) => escapedForms(text, allowed));
  return [text, text.replaceAll(" ", "+"), ...(meant.length < SHORTEST_SECRET ? [] : [meant]), ...twice];
}

/** What is longer goes into no url, and would take as much memory again for each of its forms. */
const LONGEST_TWICE = 4096;

/** What is left as it is in a url: by RFC 3986, and by encodeURIComponent of ECMAScript. */
const ALLOWED = [/[\w.~-]/, /[\w.~!'()*-]/];

function escapedForms(text: string, allowed: RegExp): string[] {
  const escaped = (digits: (code: string) => string): string =>
    text.replaceAll(/[^]/g, (letter) =>
      allowed.test(letter) ? letter : `%${digits(letter.charCodeAt(0).toString(16).padStart(2, "0"))}`,
    );
  return [escaped((code) => code), escaped((code) => code.toUpperCase())];
}

function jsonForms(bytes: Buffer): string[] {
  const text = bytes.toString();
  const plain = JSON.stringify(text).slice(1, -1);
  const ascii = plain.replace(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return [plain, ascii].map((form) => Buffer.from(form).toString("latin1"));
}

/** The letters that depend on nothing but these bytes, for each of the three places at which they may begin in what is encoded. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor(((before + bytes.length) * 8) / 6);
    return encoded.slice(first, last);
  });
}

/** Line ends inside of base64 are passed over, the url-safe letters are the usual ones. */
function readBase64(byte: number): number | undefined {
  if (byte === 0x0a || byte === 0x0d) return undefined;
  if (byte === 0x2d) return 0x2b;
  return byte === 0x5f ? 0x2f : byte;
}

function fromLatin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
