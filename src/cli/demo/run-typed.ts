import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { CliContext } from "../context.ts";
import type { PlayFolder } from "./play-folder.ts";

/** Runs a command line as if the user had typed it in the play folder: the same program, a process of its own. Gives its exit code. */
export function runTyped(
  words: readonly string[],
  options: { play: PlayFolder; input?: string; stop: AbortSignal },
  context: CliContext,
): Promise<number> {
  const { play, input, stop } = options;
  const child = spawn(process.execPath, [process.argv[1]!, ...words], {
    cwd: play.folder,
    env: { ...context.env, ...play.env, ...withoutProxy(context.env) },
    stdio: [input === undefined ? "ignore" : "pipe", "inherit", "inherit"],
  });
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  // On a terminal, Ctrl-C reaches the command by itself; a signal sent to this process alone is passed on.
  const passOn = (): void => void setTimeout(() => child.kill("SIGTERM"), 300).unref();
  stop.addEventListener("abort", passOn, { once: true });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      stop.removeEventListener("abort", passOn);
      // A signal for both may end the command before this process has taken notice of it.
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** The demo's server is on loopback, where a proxy cannot reach it. */
function withoutProxy(env: CliContext["env"]): Record<string, string> {
  const listed = env["no_proxy"] || env["NO_PROXY"];
  const list = listed ? `${listed},127.0.0.1` : "127.0.0.1";
  return { no_proxy: list, NO_PROXY: list };
}
