import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Config, loadConfig } from "../../src/config/index.ts";
import { BowlineError } from "../../src/lib/index.ts";
import { temporaryFolder } from "../support/index.ts";

/** A folder with configs in it, and a home of its own. */
export interface ConfigFolder {
  folder: string;
  env: Record<string, string>;
  /** Writes a file below the folder; returns its path. */
  write: (path: string, text: string) => string;
  /** The config of a text, named by a flag. */
  read: (text: string) => Promise<Config>;
  /** Code and line:column of every problem of a text. */
  problemsOf: (text: string) => Promise<string[]>;
}

export async function configFolder(): Promise<ConfigFolder> {
  const folder = await temporaryFolder();
  const env = { HOME: join(folder, "home") };
  const write = (path: string, text: string): string => {
    const full = join(folder, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    return full;
  };
  const read = (text: string) => loadConfig({ flag: write("bowline.yaml", text), cwd: folder, env });
  const problemsOf = async (text: string): Promise<string[]> => {
    const error = await read(text).catch((one: unknown) => one);
    if (!(error instanceof BowlineError)) throw new Error("no problem was found", { cause: error });
    return error.problems.map(({ code, place }) => `${code} ${place?.line}:${place?.column}`);
  };
  return { folder, env, write, read, problemsOf };
}
