import { readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  BowlineError,
  errnoOf,
  type Place,
  type ProblemInput,
  shellQuote,
  withFileLock,
  writePrivateFile,
} from "../lib/index.ts";
import type { Config, Home } from "./config.ts";

/** Paths of configs that the user trusts, with the time of the decision. */
interface TrustFile {
  apiVersion: "bowline/v1";
  paths: Record<string, string>;
}

/** Lets the config at this path use stored secrets and `from:`, and set a policy. Returns the real path that is now trusted. */
export async function trustConfig(path: string, home: Home): Promise<string> {
  const real = await realpath(path).catch((cause: unknown) => {
    throw notThere(path, cause);
  });
  if ((await stat(real)).isDirectory()) return trustConfig(join(real, "bowline.yaml"), home);
  await withFileLock(join(home.data, "trust.lock"), async () => {
    const file = await readTrust(home);
    file.paths[real] ??= new Date().toISOString();
    await writePrivateFile(trustPath(home), `${JSON.stringify(file, undefined, 1)}\n`);
  });
  return real;
}

/** Whether the user has trusted the config at this path. */
export async function isTrusted(path: string, home: Home): Promise<boolean> {
  const { paths } = await readTrust(home);
  return Object.hasOwn(paths, await realpath(path));
}

/** What to tell somebody whose untrusted config asks for something; `what` ends the sentence "…, so it may not". */
export function untrustedProblem(config: Pick<Config, "path">, what: string, place?: Place): ProblemInput {
  const path = config.path ?? "bowline.yaml";
  return {
    code: "CONFIG_UNTRUSTED",
    message: `the config "${path}" was found here, not named by you, so it may not ${what}`,
    hint: `read it; if you trust it, run: bowline config trust ${shellQuote(path)}`,
    ...(place && { place }),
  };
}

function trustPath(home: Home): string {
  return join(home.data, "trusted.json");
}

/** A file that is damaged trusts nothing: the worst that follows is a question asked again. */
async function readTrust(home: Home): Promise<TrustFile> {
  const nothing: TrustFile = { apiVersion: "bowline/v1", paths: {} };
  try {
    const file = JSON.parse(await readFile(trustPath(home), "utf8")) as Partial<TrustFile> | null;
    return typeof file?.paths === "object" && file.paths !== null ? { ...nothing, paths: { ...file.paths } } : nothing;
  } catch (error) {
    if (error instanceof SyntaxError || errnoOf(error) !== undefined) return nothing;
    throw error;
  }
}

function notThere(path: string, cause: unknown): BowlineError {
  const message = `the config "${path}" cannot be trusted: it is not there (${errnoOf(cause) ?? "unknown"})`;
  return new BowlineError({ code: "FILE_NOT_READ", message, hint: "give the path of a bowline.yaml" }, { cause });
}
