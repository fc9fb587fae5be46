import { mkdirSync } from "node:fs";
import type { RedactingStream, Redactor } from "../../lib/index.ts";
import type { LogLine } from "../runs.ts";
import { createLineSplitter, type LineSplitter, type Piece } from "./line-splitter.ts";
import { lineOf, logFolder, type StoredLine } from "./log-entry.ts";
import { openLogFile, type LogFile } from "./log-file.ts";

/** Bytes of log kept for each container, if nothing else is said. */
export const LOG_BYTES = 64 * 1024 * 1024;

/** An unfinished line is shown after this time without output, in milliseconds: a progress bar, a question. */
const PATIENCE = 300;

/** Takes the raw output of a run's containers; masks, cuts into lines, writes, and tells. */
export interface LogWriter {
  write: (container: string, stream: "stdout" | "stderr", chunk: Uint8Array) => void;
  /** A word of our own, on a line of its own. */
  say: (container: string, text: string) => void;
  containers: () => string[];
  close: () => void;
}

export interface LogWriterOptions {
  runFolder: string;
  redactor: Redactor;
  maxBytes?: number | undefined;
  onLine?: ((line: LogLine) => void) | undefined;
}

interface Channel {
  redacting: RedactingStream;
  splitter: LineSplitter;
  timer?: NodeJS.Timeout;
}

export function openLogWriter(options: LogWriterOptions): LogWriter {
  const folder = logFolder(options.runFolder);
  const files = new Map<string, LogFile>();
  const channels = new Map<string, Channel>();

  function fileOf(container: string): LogFile {
    let file = files.get(container);
    if (file === undefined) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      file = openLogFile(folder, { container, maxBytes: options.maxBytes ?? LOG_BYTES });
      files.set(container, file);
    }
    return file;
  }

  function store(container: string, stream: LogLine["stream"], pieces: readonly Piece[]): void {
    for (const { text, bytes, partial } of pieces) {
      const line: StoredLine = {
        time: new Date().toISOString(),
        stream,
        text,
        ...(bytes === undefined ? {} : { bytes: Buffer.from(bytes).toString("base64") }),
        ...(partial === undefined ? {} : { partial }),
      };
      fileOf(container).append(line);
      options.onLine?.(lineOf(container, line));
    }
  }

  function channelOf(key: string): Channel {
    let channel = channels.get(key);
    if (channel === undefined) {
      channel = { redacting: options.redactor.stream(), splitter: createLineSplitter() };
      channels.set(key, channel);
    }
    return channel;
  }

  function write(container: string, stream: "stdout" | "stderr", chunk: Uint8Array): void {
    const channel = channelOf(`${stream} ${container}`);
    store(container, stream, channel.splitter.push(channel.redacting.push(chunk)));
    clearTimeout(channel.timer);
    channel.timer = setTimeout(() => {
      const { redacting, splitter } = channel;
      store(container, stream, [...splitter.push(redacting.pause()), ...splitter.flush()]);
    }, PATIENCE).unref();
  }

  function close(): void {
    for (const [key, { redacting, splitter, timer }] of channels) {
      clearTimeout(timer);
      const [stream, container] = splitAtSpace(key);
      store(container, stream as "stdout" | "stderr", [...splitter.push(redacting.end()), ...splitter.end()]);
    }
    channels.clear();
    for (const file of files.values()) file.close();
  }

  return {
    write,
    say: (container, text) => store(container, "bowline", [{ text: options.redactor.text(text) }]),
    containers: () => [...files.keys()],
    close,
  };
}

function splitAtSpace(key: string): [string, string] {
  const space = key.indexOf(" ");
  return [key.slice(0, space), key.slice(space + 1)];
}
