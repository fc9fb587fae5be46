import { createInterface } from "node:readline/promises";
import { BowlineError } from "../lib/index.ts";
import type { CliContext } from "./context.ts";

/** Asks a yes-or-no question on the terminal; without one it is an error that names the flag, unless `yes` was given. */
export async function confirm(
  question: string,
  options: { yes?: boolean; flag?: string },
  context: CliContext,
): Promise<boolean> {
  if (options.yes) return true;
  if (!context.terminal.in || !context.terminal.err) throw cannotAsk(question, options.flag ?? "--yes");
  const lines = createInterface({ input: context.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: interrupted(lines) });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    context.err("\n");
    if ((error as Error).name === "AbortError") throw interruption();
    throw error;
  } finally {
    lines.close();
  }
}

/** Reads one line from the terminal without showing it. */
export async function askHidden(question: string, context: CliContext): Promise<string> {
  const input = context.stdin;
  // Silent before the question is seen, so that nothing typed at once is echoed.
  input.setRawMode?.(true);
  context.err(question);
  try {
    return await readHidden(input);
  } finally {
    input.setRawMode?.(false);
    input.pause();
    context.err("\n");
  }
}

/** Standard input to its end, as bytes. */
export async function readStdin(context: CliContext): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of context.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

function readHidden(input: CliContext["stdin"]): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const end = (finish: () => void): void => {
      input.off("data", read);
      finish();
    };
    const read = (chunk: Buffer): void => {
      for (const character of chunk.toString("utf8")) {
        if (character === "\r" || character === "\n" || character === END_OF_INPUT) return end(() => resolve(text));
        if (character === INTERRUPT) return end(() => reject(interruption()));
        if (character === BACKSPACE || character === "\b") text = Array.from(text).slice(0, -1).join("");
        else if (character === ERASE_LINE) text = "";
        else text += character;
      }
    };
    input.on("data", read);
    input.resume();
  });
}

const INTERRUPT = "\u0003";
const END_OF_INPUT = "\u0004";
const ERASE_LINE = "\u0015";
const BACKSPACE = "\u007f";

function interrupted(lines: { on: (event: "SIGINT", listener: () => void) => unknown }): AbortSignal {
  const controller = new AbortController();
  lines.on("SIGINT", () => controller.abort());
  return controller.signal;
}

function interruption(): BowlineError {
  return new BowlineError({ code: "INTERRUPTED", message: "interrupted at the question", hint: "nothing was changed" });
}

function cannotAsk(question: string, flag: string): BowlineError {
  return new BowlineError({
    code: "USAGE",
    message: `cannot ask without a terminal: ${question}`,
    hint: `to answer yes, add ${flag}`,
  });
}
