import { open, stat, type FileHandle } from "node:fs/promises";
import { errnoOf } from "../../lib/index.ts";
import type { LogLine } from "../runs.ts";
import { decodeEntry, lineOf, logFile } from "./log-entry.ts";

/** Reads the log of one container from its oldest line, also while it grows and turns over. */
export interface LogTail {
  /** More lines; none when everything written so far was read. */
  read: () => Promise<LogLine[]>;
  close: () => Promise<void>;
}

const CHUNK = 256 * 1024;

export function openLogTail(folder: string, container: string): LogTail {
  const { current, older } = logFile(folder, container);
  let file: FileHandle | undefined;
  let position = 0;
  let rest = Buffer.alloc(0);
  /** Bytes of log up to where we are; undefined before the first file. */
  let reached: number | undefined;

  async function read(): Promise<LogLine[]> {
    for (;;) {
      file ??= await openIfThere(reached === undefined ? older : current);
      if (file === undefined && reached === undefined) file = await openIfThere(current);
      if (file === undefined) return [];
      let bytes = await chunk(file);
      if (bytes.length === 0) {
        if (await isSame(file, current)) return [];
        // It turned over; a last line may have come in between.
        bytes = await chunk(file);
        if (bytes.length === 0) await next();
      }
      const lines = linesOf(Buffer.concat([rest, bytes]));
      if (lines.length > 0) return lines;
    }
  }

  async function chunk(from: FileHandle): Promise<Buffer> {
    const { bytesRead, buffer } = await from.read(Buffer.alloc(CHUNK), 0, CHUNK, position);
    position += bytesRead;
    return buffer.subarray(0, bytesRead);
  }

  function linesOf(bytes: Buffer): LogLine[] {
    const end = bytes.lastIndexOf(0x0a) + 1;
    rest = Buffer.from(bytes.subarray(end));
    const entries = bytes.toString("utf8", 0, end).split("\n");
    return entries.flatMap((text) => {
      const entry = text === "" ? undefined : decodeEntry(text);
      const before = reached;
      reached = (reached ?? 0) + Buffer.byteLength(text) + (text === "" ? 0 : 1);
      if (entry === undefined) return [];
      if (!("from" in entry)) return [lineOf(container, entry)];
      const missing = entry.from - (before ?? 0);
      reached = entry.from + Buffer.byteLength(text) + 1;
      return missing > 0 ? [droppedLine({ container, bytes: missing, time: entry.time })] : [];
    });
  }

  /** The file we read has become the older one, or was dropped: on to the current one. */
  async function next(): Promise<void> {
    await file?.close();
    file = undefined;
    position = 0;
    rest = Buffer.alloc(0);
    reached ??= 0;
  }

  return { read, close: async () => file?.close() };
}

function droppedLine({ container, bytes, time }: { container: string; bytes: number; time: string }): LogLine {
  return { container, stream: "bowline", time, text: `older output was dropped here: ${bytes} bytes of log` };
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function isSame(file: FileHandle, path: string): Promise<boolean> {
  const there = await stat(path).catch(() => undefined);
  return there === undefined || there.ino === (await file.stat()).ino;
}
