import { execa } from "execa";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunRecord } from "../../src/runs/index.ts";
import { temporaryFolder } from "../support/index.ts";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

export interface Answer {
  stdout: string;
  stderr: string;
  exitCode: number;
}

export interface CommandOptions {
  /** For standard input. */
  input?: string;
  /** Added to an environment that has nothing of the user's but PATH. */
  env?: Record<string, string>;
  cwd?: string;
}

/** One user of the built command, with a home of his own. */
export interface User {
  home: string;
  bowline: (args: string[], options?: CommandOptions) => Promise<Answer>;
  setSecret: (name: string, data: Record<string, string>) => Promise<void>;
  /** Runs a polyaxonfile and gives its record; throws when the answer is none. */
  run: (args: string[], options?: CommandOptions) => Promise<{ record: RunRecord; answer: Answer }>;
  logs: (uuid: string) => Promise<string>;
}

export async function makeUser(env: Record<string, string> = {}): Promise<User> {
  const home = await temporaryFolder();
  const bowline: User["bowline"] = async (args, options = {}) => {
    const { stdout, stderr, exitCode } = await execa(process.execPath, [join(repository, "bin/bowline.js"), ...args], {
      cwd: options.cwd ?? home,
      env: { PATH: process.env["PATH"], HOME: home, BOWLINE_HOME: join(home, "bowline"), ...env, ...options.env },
      extendEnv: false,
      input: options.input ?? "",
      reject: false,
      stripFinalNewline: false,
    });
    return { stdout, stderr, exitCode: exitCode ?? -1 };
  };
  const must = async (args: string[], options?: CommandOptions): Promise<Answer> => {
    const answer = await bowline(args, options);
    if (answer.exitCode !== 0) throw new Error(`bowline ${args.join(" ")}: ${answer.exitCode}\n${answer.stderr}`);
    return answer;
  };
  return {
    home,
    bowline,
    setSecret: async (name, data) => {
      for (const [key, input] of Object.entries(data)) await must(["secrets", "set", name, key], { input });
    },
    run: async (args, options) => {
      const answer = await bowline(["run", "-o", "json", ...args], options);
      try {
        return { record: JSON.parse(answer.stdout) as RunRecord, answer };
      } catch (error) {
        throw new Error(`bowline run ${args.join(" ")}: ${answer.exitCode}\n${answer.stdout}${answer.stderr}`, {
          cause: error,
        });
      }
    },
    logs: async (uuid) => (await must(["logs", uuid])).stdout,
  };
}
