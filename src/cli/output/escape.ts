/**
 * Foreign text (a commit's subject, a server's words) made safe for a terminal: control characters, and the marks that turn the
 * direction of text, become visible escapes. Line breaks stay where `lines` says so.
 */
export function escapeControl(text: string, options: { lines?: true } = {}): string {
  return text.replace(CONTROL, (character) => {
    if (options.lines && (character === "\n" || character === "\t")) return character;
    return SHORT[character] ?? `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`;
  });
}

/** The same for text in double quotes, of JSON or YAML, whose line breaks and C0 are escaped already: it is read as it was. */
export function escapeInQuotes(document: string): string {
  return document.replace(CONTROL, (character) =>
    character === "\n" ? character : `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
}

/** C0, DEL, C1, line separators and the bidirectional marks (https://trojansource.codes). */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const SHORT: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };
