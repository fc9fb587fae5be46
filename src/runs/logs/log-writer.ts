import { mkdirSync } from "node:fs";
import type { LogPosition } from "../../executors/index.ts";
import type { RedactingStream, Redactor } from "../../lib/index.ts";
import type { LogLine } from "../runs.ts";
import { createLinePlaces, type LinePlaces, type PlacedPiece } from "./line-places.ts";
import { createLineSplitter, type LineSplitter } from "./line-splitter.ts";
import { lineOf, logFolder, type StoredLine } from "./log-entry.ts";
import { openLogFile, type LogFile } from "./log-file.ts";

/** Bytes of log kept for each container, if nothing else is said. */
export const LOG_BYTES = 64 * 1024 * 1024;

/** An unfinished line is shown after this time without output, in milliseconds: a progress bar, a question. */
const PATIENCE = 300;

/** Takes the raw output of a run's containers; masks, cuts into lines, writes, and tells. */
export interface LogWriter {
  write: (container: string, stream: "stdout" | "stderr", chunk: Uint8Array, position?: LogPosition) => void;
  /** Nothing more is written by this container; if it is started again, it begins anew. */
  end: (container: string) => void;
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
  places: LinePlaces;
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

  function store(container: string, stream: LogLine["stream"], pieces: readonly PlacedPiece[]): void {
    for (const { text, bytes, partial, time, at } of pieces) {
      const line: StoredLine = {
        time: (time === undefined ? new Date() : new Date(time)).toISOString(),
        stream,
        text,
        ...(bytes === undefined ? {} : { bytes: Buffer.from(bytes).toString("base64") }),
        ...(partial === undefined ? {} : { partial }),
        ...(at === undefined ? {} : { at }),
      };
      fileOf(container).append(line);
      options.onLine?.(lineOf(container, line));
    }
  }

  function channelOf(key: string): Channel {
    let channel = channels.get(key);
    if (channel === undefined) {
      channel = { redacting: options.redactor.stream(), splitter: createLineSplitter(), places: createLinePlaces() };
      channels.set(key, channel);
    }
    return channel;
  }

  function write(container: string, stream: "stdout" | "stderr", chunk: Uint8Array, position?: LogPosition): void {
    const channel = channelOf(`${stream} ${container}`);
    if (position !== undefined) channel.places.add(position, { endsLine: chunk.at(-1) === 0x0a });
    store(container, stream, channel.places.of(channel.splitter.push(channel.redacting.push(chunk))));
    clearTimeout(channel.timer);
    channel.timer = setTimeout(() => {
      const { redacting, splitter, places } = channel;
      store(container, stream, places.ofAll([...splitter.push(redacting.pause()), ...splitter.flush()]));
    }, PATIENCE).unref();
  }

  function end(of: string | undefined): void {
    for (const [key, channel] of channels) {
      const { redacting, splitter, places, timer } = channel;
      const [stream, container] = splitAtSpace(key);
      if (of !== undefined && of !== container) continue;
      clearTimeout(timer);
      const pieces = places.ofAll([...splitter.push(redacting.end()), ...splitter.end()]);
      store(container, stream as "stdout" | "stderr", pieces);
      channels.delete(key);
    }
  }

  function close(): void {
    end(undefined);
    for (const file of files.values()) file.close();
  }

  return {
    write,
    end,
    say: (container, text) => store(container, "bowline", [{ text: options.redactor.text(text) }]),
    containers: () => [...files.keys()],
    close,
  };
}

function splitAtSpace(key: string): [string, string] {
  const space = key.indexOf(" ");
  return [key.slice(0, space), key.slice(space + 1)];
}
