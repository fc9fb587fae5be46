/** The command's entry: answers what needs nothing loaded, then hands over to the command asked for. */
import { VERSION } from "../lib/index.ts";
import { endForOutput } from "./broken-output.ts";

const words = process.argv.slice(2);

if (words[0] === "--version" || words[0] === "-V" || (words[0] === "version" && words.length === 1)) {
  process.stdout.on("error", (error) => endForOutput(process, error)).write(`${VERSION}\n`);
} else {
  void start().then(end);
}

async function end(code: number): Promise<void> {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}

/** A pipe may still hold what was written to it; a reader that went away counts as done. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write("", () => resolve()));
}

/** Each way in loads only what it needs: a job's init container is started for every run. */
async function start(): Promise<number> {
  if (words[0] === "initializer" && words[1] === "git") {
    const { runInitializer } = await import("./initializer/run-initializer.ts");
    return runInitializer(words.slice(2));
  }
  const { runCli } = await import("./cli.ts");
  return runCli(words);
}
