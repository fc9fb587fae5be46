import { execa } from "execa";
import { spawn, type ChildProcess } from "node:child_process";
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
