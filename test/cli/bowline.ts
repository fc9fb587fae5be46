import { execa } from "execa";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../support/index.ts";

export const BOWLINE = fileURLToPath(new URL("../../bin/bowline.js", import.meta.url));

/** What a command line gave. */
export interface Answer {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** A folder to type commands in, with a home of its own. */
export interface Desk {
  folder: string;
  env: Record<string, string>;
  write: (name: string, text: string) => Promise<string>;
  bowline: (words: string[], options?: { input?: string; env?: Record<string, string> }) => Promise<Answer>;
  /** Starts a command and leaves it to the test. */
  start: (words: string[], options?: { env?: Record<string, string>; detached?: boolean }) => ChildProcess;
}

/** Why nothing can be typed on a terminal here, for the name of what is skipped. */
export const noTerminal: string | undefined =
  spawnSync("script", ["--version"]).status === 0 ? undefined : "no program script of util-linux here";

/** Types at a terminal: each answer when its question is shown. Gives all that the terminal showed. */
export async function typeAt(
  desk: Desk,
  words: string[],
  answers: [question: string, answer: string][],
): Promise<{ shown: string; exitCode: number }> {
  const command = [process.execPath, BOWLINE, ...words].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qec", command, "/dev/null"], { cwd: desk.folder, env: desk.env });
  let shown = "";
  const waiting = [...answers];
  child.stdout.on("data", (chunk) => {
    shown += String(chunk);
    if (waiting[0] !== undefined && shown.includes(waiting[0][0])) child.stdin.write(waiting.shift()![1]);
  });
  const [exitCode] = (await once(child, "close")) as [number];
  return { shown, exitCode };
}

/** A new desk: nothing of the user's or the machine's environment but PATH. */
export async function newDesk(): Promise<Desk> {
  const folder = await mkdtemp(join(await temporaryFolder(), "desk-"));
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    BOWLINE_HOME: join(folder, "home"),
    LC_ALL: "C",
    USER: "ada",
  };
  return {
    folder,
    env,
    async write(name, text) {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    },
    async bowline(words, options = {}) {
      const { stdout, stderr, exitCode } = await execa(process.execPath, [BOWLINE, ...words], {
        cwd: folder,
        env: { ...env, ...options.env },
        extendEnv: false,
        reject: false,
        stripFinalNewline: false,
        ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
      });
      return { stdout, stderr, exitCode: exitCode ?? -1 };
    },
    start: (words, options = {}) =>
      spawn(process.execPath, [BOWLINE, ...words], {
        cwd: folder,
        env: { ...env, ...options.env },
        stdio: ["ignore", "pipe", "pipe"],
        detached: options.detached === true,
      }),
  };
}
