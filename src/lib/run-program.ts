import { execFile } from "node:child_process";
import { errnoOf, limitError } from "./system-errors.ts";

export interface ProgramOptions {
  /** All of its environment. This process's own when absent. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Variables besides. */
  more?: Readonly<Record<string, string>>;
  cwd?: string;
  /** Standard input; empty when absent. */
  input?: string;
  /** Milliseconds until it is ended by KILL. */
  timeout?: number;
  /** Bytes of its output, beyond which it is ended. */
  most?: number;
}

export interface ProgramEnd {
  /** Undefined for one that was ended, or not started. */
  exitCode: number | undefined;
  /** Why it could not be started, such as ENOENT. */
  errno?: string | undefined;
  timedOut: boolean;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, whatever that is. Throws SYSTEM_LIMIT where this machine cannot start any. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramEnd> {
  // oxlint-disable-next-line node/no-process-env -- what the user's own programs are started with, where the caller has no other
  const { env = process.env, more, cwd = "/", input = "", timeout = 0, most: maxBuffer = 1024 * 1024 } = options;
  return new Promise((resolve, reject) => {
    const settings = { env: { ...env, ...more }, cwd, timeout, maxBuffer, killSignal: "SIGKILL" } as const;
    const child = execFile(program, args, settings, (error, stdout, stderr) => {
      const limit = limitError(`"${program}" cannot be started`, error);
      if (limit !== undefined) return reject(limit);
      // the types do not know of an exit code here
      const code: unknown = error === null ? 0 : error.code;
      const exitCode = typeof code === "number" ? code : undefined;
      resolve({ exitCode, errno: errnoOf(error), timedOut: error?.killed === true, stdout, stderr });
    });
    // absent where too many files are open; one that does not read is not at fault
    child.stdin?.on("error", () => {}).end(input);
  });
}
