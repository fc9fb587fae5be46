import { openContext } from "./context.ts";
import { printFailure } from "./output/problems.ts";
import { runCommandLine } from "./program.ts";

/** Runs one command line in this process; the exit code. Whatever fails is said here, once. */
export async function runCli(words: readonly string[]): Promise<number> {
  const context = openContext(process);
  try {
    return await runCommandLine(words, context);
  } catch (error) {
    return await printFailure(error, askedFormat(words), context);
  }
}

/** The data format that the words ask for, also where they cannot be parsed. */
function askedFormat(words: readonly string[]): string | undefined {
  const dashes = words.indexOf("--");
  const own = dashes < 0 ? words : words.slice(0, dashes);
  const text = own.join(" ");
  return /(?:^| )(?:-o ?|--output[= ])(json|yaml)(?: |$)/.exec(text)?.[1];
}
