import type { LogLine } from "../../runs/index.ts";
import type { CliContext } from "../context.ts";

export interface LogPrinter {
  print: (line: LogLine) => void;
  /** Begins a new line on stderr where a job left the terminal in the middle of one. */
  endLine: () => void;
}

export interface LogPrinterOptions {
  /** Everything to stderr. */
  dataOnly?: boolean;
  /** The name of the container before lines of all but the main one. */
  prefixOthers?: boolean;
  /** The name of the container before every line. */
  prefixAll?: boolean;
  timestamps?: boolean;
}

/** Prints what a job wrote as it wrote it: its stdout to stdout, its stderr to stderr. Not escaped: a job may use colours. */
export function createLogPrinter(options: LogPrinterOptions, context: CliContext): LogPrinter {
  const open = { out: false, err: false };
  function print(line: LogLine): void {
    const main = line.container === "main";
    // Only the main container's stdout is what the user asked to run; the rest tells about it.
    const toOut = line.stream === "stdout" && (main || !options.prefixOthers) && !options.dataOnly;
    const side = toOut ? "out" : "err";
    const parts = [
      ...(options.timestamps ? [line.time] : []),
      ...(options.prefixAll || (options.prefixOthers && !main) ? [`[${line.container}]`] : []),
      ...(line.stream === "bowline" ? ["bowline:"] : []),
    ];
    const prefix = parts.length > 0 && !open[side] ? `${parts.join(" ")} ` : "";
    const write = toOut ? context.out : context.err;
    if (prefix) write(prefix);
    write(line.bytes ?? line.text);
    open[side] = line.partial === true;
    if (!open[side]) write("\n");
  }
  return {
    print,
    endLine() {
      if (open.err || (open.out && context.terminal.out)) context.err("\n");
      open.out = false;
      open.err = false;
    },
  };
}
