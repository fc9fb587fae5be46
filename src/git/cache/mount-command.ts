import { spawn } from "node:child_process";

/** Nothing of this process's environment. */
export const SYSTEM_ENV = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

/** Runs a program of the system; gives its exit code, -1 when it could not be started, and the first line that it said of what went wrong: mount(8) ends with an advice. */
export function runCommand(
  [program = "", ...words]: readonly string[],
  env: Readonly<Record<string, string>> = SYSTEM_ENV,
): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"], env, cwd: "/" });
    let said = "";
    child.on("error", ({ message }) => resolve({ code: -1, said: message }));
    // too many open files: then there are no pipes either
    if (child.pid === undefined) return;
    child.stderr.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2000)));
    child.on("close", (code) => resolve({ code: code ?? -1, said: said.trim().split("\n", 1)[0] ?? "" }));
  });
}
