import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { newDesk, type Answer } from "../cli/bowline.ts";
import { checkCodeReference, checkFailure, checkNoNull } from "../support/contract.ts";
import { git } from "../support/index.ts";

/** Which repository, and what the environment holds besides PATH and HOME. */
export interface Call {
  url: string;
  env: Record<string, string>;
}

/** Code that was fetched, and git to look at its folder with. */
export interface Fetched {
  reference: ReturnType<typeof checkCodeReference>;
  path: string;
  code: (...args: string[]) => Promise<string>;
}

export interface Fetcher {
  /** A call that must work. */
  fetchCode: (words: string[], call?: Partial<Call>) => Promise<Fetched>;
  /** A call that must fail so, and leave no folder. */
  fails: (words: string[], expected: Partial<Call> & { code: string; exit: number }) => Promise<void>;
}

/** `bowline initializer git … -o json` into a new folder, with every answer held against the contract. */
export function fetcherOf(defaults: () => Call): Fetcher {
  return {
    async fetchCode(words, call) {
      const { stdout, stderr, exitCode, path } = await initialize(words, { ...defaults(), ...call });
      expect(exitCode, stderr).toBe(0);
      checkNoNull(JSON.parse(stdout));
      const reference = checkCodeReference(JSON.parse(stdout));
      expect(reference).toMatchObject({ path, by: "engine" });
      return { reference, path, code: (...args) => git(path, ["-c", "safe.directory=*", ...args]) };
    },
    async fails(words, { code, exit, ...call }) {
      const { stdout, exitCode, path } = await initialize(words, { ...defaults(), ...call });
      expect(checkFailure(JSON.parse(stdout)).errors.map((each) => each.code)).toEqual([code]);
      expect({ exitCode, left: existsSync(path) }).toEqual({ exitCode: exit, left: false });
    },
  };
}

async function initialize(words: string[], { url, env }: Call): Promise<Answer & { path: string }> {
  const desk = await newDesk();
  const path = join(desk.folder, "code");
  const all = ["initializer", "git", "--url", url, "--path", path, ...words, "-o", "json"];
  return { ...(await desk.bowline(all, { env })), path };
}
