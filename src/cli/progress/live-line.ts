import type { CliContext } from "../context.ts";

/** One line at the bottom of a terminal that changes; nowhere else, and in no terminal that cannot take it away, does it write anything. */
export interface LiveLine {
  set: (text: string) => void;
  /** Takes the line away, so that something else can be printed. */
  clear: () => void;
}

export function createLiveLine(context: CliContext): LiveLine {
  const able = context.terminal.err && context.env["TERM"] !== "dumb";
  let shown = "";
  let last = 0;
  return {
    set(text) {
      const now = Date.now();
      // Ten times a second is enough for an eye.
      if (!able || text === shown || (shown !== "" && now - last < 100)) return;
      last = now;
      shown = text;
      const fitting = text.slice(0, Math.max(20, context.terminal.columns - 1));
      context.err(`\r\u001b[K${context.style.err.dim(fitting)}`);
    },
    clear() {
      if (shown === "") return;
      shown = "";
      context.err("\r\u001b[K");
    },
  };
}
