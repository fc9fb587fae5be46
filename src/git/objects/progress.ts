import type { GitEvent } from "../request.ts";

/** git's own line about the pack that it receives, as an event; undefined for any other line. */
export function progressOf(line: string, bytes: number): GitEvent | undefined {
  const [, done, total] = /^Receiving objects: +\d+% \((\d+)\/(\d+)\)/.exec(line) ?? [];
  if (done === undefined) return undefined;
  return { phase: "fetch", state: "progress", done: Number(done), total: Number(total), bytes };
}

/** What a server says while it makes the pack, as an event; undefined where it says nothing. It may be anything: it is cut, and shown as text only. */
export function wordsOf(text: string): GitEvent | undefined {
  const last = text
    .split(/[\r\n]/)
    .map((line) => line.trim())
    .findLast((line) => line !== "");
  if (last === undefined) return undefined;
  return { phase: "fetch", state: "progress", done: 0, bytes: 0, detail: last.slice(0, LONGEST) };
}

const LONGEST = 120;
