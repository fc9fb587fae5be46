import type { Place } from "../lib/index.ts";

/** Characters of a line that are shown. */
const WIDEST = 160;

const SECRET = /\bkind["']?\s*:\s*["']?Secret\b|-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/**
 * The line of a place with one line before and after it and a caret below its column, for a terminal:
 * each line ends without a newline, tabs are shown as one space, user info of urls as stars. Empty when the place is not
 * in the text, and for what is a secret as a whole: somebody took it for another file.
 */
export function codeFrame(text: string, place: Place): string {
  if (SECRET.test(text)) return "";
  const first = Math.max(1, place.line - 1);
  const lines = linesFrom(text, { first, count: place.line - first + 2 });
  if (place.line - first >= lines.length) return "";
  const last = first + lines.length - 1;
  const width = String(last).length;
  // A long line is shown from near the column on.
  const from = place.column > WIDEST - 20 ? place.column - 40 : 0;
  const frame: string[] = [];
  for (let line = first; line <= last; line++) {
    const shown = printable(withoutPasswords(lines[line - first]!).slice(from, from + WIDEST));
    const mark = line === place.line ? ">" : " ";
    frame.push(`${mark} ${String(line).padStart(width)} | ${shown}`.trimEnd());
    if (line === place.line) frame.push(`  ${" ".repeat(width)} | ${" ".repeat(place.column - 1 - from)}^`);
  }
  return frame.join("\n");
}

/** At most `count` lines from the line `first` on; nothing is copied but these. */
function linesFrom(text: string, { first, count }: { first: number; count: number }): string[] {
  let at = 0;
  for (let line = 1; line < first; line++) {
    at = text.indexOf("\n", at) + 1;
    if (at === 0) return [];
  }
  const lines: string[] = [];
  while (lines.length < count) {
    const end = text.indexOf("\n", at);
    lines.push((end === -1 ? text.slice(at) : text.slice(at, end)).replace(/\r$/, ""));
    if (end === -1) break;
    at = end + 1;
  }
  return lines;
}

/** The user info of a url, and a text in the place of a secret, which may be one: as stars; columns stay where they are. */
function withoutPasswords(line: string): string {
  return line.replaceAll(
    /(?<=:\/\/)[^\s"',}\]]+(?=@)|(?<=\b(?:secret|token|password)["']?:\s+["']?)[^\s"'{}[\],|>&*]+/gi,
    (found) => "*".repeat(found.length),
  );
}

/** Control characters would let a file write to the terminal as it likes. */
function printable(text: string): string {
  return text.replaceAll("\t", " ").replaceAll(/[\p{Cc}\p{Cf}]/gu, "\ufffd");
}
