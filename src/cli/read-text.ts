import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { BowlineError, shownUrl } from "../lib/index.ts";
import { readStdin } from "./ask.ts";
import type { CliContext } from "./context.ts";

/** What problems call standard input. */
export const STDIN = "<stdin>";

/** The text of a file that the command line names, `-` being standard input, and the name that problems give it. */
export async function readTextFile(file: string, context: CliContext): Promise<{ name: string; text: string }> {
  if (file !== "-") return { name: file, text: readText(resolve(context.cwd, file), file) };
  if (context.terminal.in) context.err("reading from the terminal; end with Ctrl-D\n");
  const text = decode(await readStdin(context), STDIN);
  context.texts.set(STDIN, text);
  return { name: STDIN, text };
}

/** Reads UTF-8. FILE_NOT_READ, in which the file is called `name`. */
export function readText(path: string, name: string): string {
  return decode(readBytes(path, name), name);
}

/** Reads bytes. FILE_NOT_READ, in which the file is called `name`. */
export function readBytes(path: string, name: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const why = REASONS[(cause as NodeJS.ErrnoException).code ?? ""] ?? (cause as Error).message;
    const hint = /^https?:/.test(name) ? "save it in a file, and name that" : "check the path, and who may read it";
    const message = `cannot read "${shownUrl(name)}": ${why}`;
    throw new BowlineError({ code: "FILE_NOT_READ", message, hint }, { cause });
  }
}

const REASONS: Record<string, string> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EISDIR: "it is a folder",
};

function decode(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new BowlineError(
      { code: "FILE_NOT_READ", message: `"${name}" is not UTF-8 text`, hint: "save it as UTF-8" },
      { cause },
    );
  }
}
