import { join } from "node:path";
import { parseJson } from "../../lib/index.ts";
import type { LogLine } from "../runs.ts";

/** One line of a log file; the first of each file tells how many bytes of log came before the file. */
export type LogEntry = { from: number; time: string } | StoredLine;

/** A LogLine as it is written: without its container, which is the file, and with its bytes in base64. */
export interface StoredLine {
  time: string;
  stream: LogLine["stream"];
  text: string;
  bytes?: string;
  partial?: true;
  /** Everything of the stream up to this place of the engine's own log is kept: `TIME#COUNT`. */
  at?: string;
}

/** Where the logs of a run lie: one file a container, and the full one before it. */
export function logFolder(runFolder: string): string {
  return join(runFolder, "logs");
}

/** `init/repo` is kept in `init%2Frepo.jsonl`: a container's name can never lead out of the folder. */
export function logFile(folder: string, container: string): { current: string; older: string } {
  const name = encodeURIComponent(container).replaceAll(".", "%2E");
  return { current: join(folder, `${name}.jsonl`), older: join(folder, `${name}.older.jsonl`) };
}

/** The container of a current file's name; undefined for any other file. */
export function containerOf(fileName: string): string | undefined {
  const match = /^([^.]+)\.jsonl$/.exec(fileName);
  return match?.[1] === undefined ? undefined : decodeURIComponent(match[1]);
}

export function encodeEntry(entry: LogEntry): Buffer {
  return Buffer.from(`${JSON.stringify(entry)}\n`);
}

/** Undefined for a line that a full disk cut off. */
export function decodeEntry(line: string): LogEntry | undefined {
  const entry = parseJson<LogEntry | null>(line);
  return typeof entry === "object" && entry !== null ? entry : undefined;
}

export function lineOf(container: string, stored: StoredLine): LogLine {
  const { time, stream, text, bytes, partial } = stored;
  return {
    container,
    stream,
    time,
    text,
    ...(bytes === undefined ? {} : { bytes: Buffer.from(bytes, "base64") }),
    ...(partial === undefined ? {} : { partial }),
  };
}
