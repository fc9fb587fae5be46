import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import { errnoOf } from "../../lib/index.ts";
import { encodeEntry, logFile, type StoredLine } from "./log-entry.ts";

/** The growing log of one container. Two files of half the size each: when the current one is full it becomes the older one, and the one before is dropped. */
export interface LogFile {
  /** Written at once and in full, so that nothing is lost with this process; what a full disk refuses is counted and told later. */
  append: (line: StoredLine) => void;
  close: () => void;
}

export function openLogFile(folder: string, options: { container: string; maxBytes: number }): LogFile {
  const { current, older } = logFile(folder, options.container);
  let file: number | undefined;
  let size = 0;
  let total = 0;
  let lost = 0;
  let torn = false;

  function begin(): void {
    file = openSync(current, "a", 0o600);
    size = fstatSync(file).size;
    if (size === 0) write(encodeEntry({ from: total, time: new Date().toISOString() }));
  }

  function write(bytes: Buffer): void {
    if (file === undefined) return;
    // A line end first, where the line before was cut off.
    const whole = torn ? Buffer.concat([Buffer.from("\n"), bytes]) : bytes;
    for (let done = 0; done < whole.length;) {
      const count = writeSync(file, whole, done);
      done += count;
      size += count;
      total += count;
      torn = done < whole.length;
    }
  }

  function append(line: StoredLine): void {
    try {
      if (file === undefined) begin();
      if (lost > 0) write(encodeEntry(lostLine(line.time, lost)));
      lost = 0;
      write(encodeEntry(line));
      if (size >= options.maxBytes / 2) turn();
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      lost++;
    }
  }

  function turn(): void {
    close();
    renameSync(current, older);
    begin();
  }

  function close(): void {
    if (file !== undefined) closeSync(file);
    file = undefined;
  }

  return { append, close };
}

function lostLine(time: string, count: number): StoredLine {
  return { time, stream: "bowline", text: `${count} lines were lost here: the disk did not take them` };
}
