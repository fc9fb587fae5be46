import { isatty, type ReadStream } from "node:tty";
import { BowlineError, errnoOf } from "../lib/index.ts";
import { endForOutput } from "./broken-output.ts";
import { createStyle, type Style } from "./output/style.ts";

/** What a command may touch of the process it runs in; made once, at the entry. */
export interface CliContext {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  stdin: NodeJS.ReadStream | ReadStream;
  /** Data. */
  out: (text: string | Uint8Array) => void;
  /** Everything else: progress, warnings, hints. */
  err: (text: string | Uint8Array) => void;
  /** Which of the three standard streams are terminals. */
  terminal: { in: boolean; out: boolean; err: boolean; columns: number };
  style: { out: Style; err: Style };
  /** Texts that were read from elsewhere than a file (`-`), by the name that problems give them. */
  texts: Map<string, string>;
  /** Called when stdout takes no more: its reader is gone (EPIPE), or its disk is full. By default the process ends. */
  onBrokenOutput: { handler: (error: NodeJS.ErrnoException) => void };
}

/**
 * The context of this process. When the reader of stdout went away (`| head`) it ends quietly, unless a command decides otherwise; that nobody reads stderr
 * is no reason to leave the work half done.
 */
export function openContext(host: NodeJS.Process): CliContext {
  const onBrokenOutput = {
    handler: (error: NodeJS.ErrnoException): void => endForOutput(host, error),
  };
  host.stderr.on("error", () => {});
  host.stdout.on("error", (error: NodeJS.ErrnoException) => onBrokenOutput.handler(error));
  const terminal = {
    in: isatty(0),
    out: host.stdout.isTTY === true,
    err: host.stderr.isTTY === true,
    columns: host.stderr.columns || host.stdout.columns || 80,
  };
  return {
    env: host.env,
    get cwd() {
      return workingDirectory(host);
    },
    // Opened when it is read: that takes longer than most commands need until then.
    get stdin() {
      return host.stdin;
    },
    out: (text) => void host.stdout.write(text),
    err: (text) => void host.stderr.write(text),
    terminal,
    style: {
      out: createStyle({ terminal: terminal.out, env: host.env }),
      err: createStyle({ terminal: terminal.err, env: host.env }),
    },
    texts: new Map(),
    onBrokenOutput,
  };
}

function workingDirectory(host: NodeJS.Process): string {
  try {
    return host.cwd();
  } catch (cause) {
    const message = `the working directory is gone, or not to be read (${errnoOf(cause)})`;
    throw new BowlineError({ code: "PATH_INVALID", message, hint: "change to a folder that is there" }, { cause });
  }
}
