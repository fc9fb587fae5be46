import { realpath, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { BowlineError } from "../lib/index.ts";
import type { Config, Home } from "./config.ts";
import type { Environment } from "./home.ts";

/** Where a config is, and how it was come by. */
export interface ConfigLocation {
  path: string;
  origin: Exclude<Config["origin"], "none">;
}

/** What `loadConfig` starts from. */
export interface ConfigRequest {
  /** The value of `--config`. */
  flag?: string;
  /** Absolute. */
  cwd: string;
  env: Environment;
}

const FILE = "bowline.yaml";

/**
 * The config to use: `--config`, else BOWLINE_CONFIG, else the first `bowline.yaml` from the working directory upwards,
 * else the one in the config home. Absent when there is none. FILE_NOT_READ when one is named that is not there.
 */
export async function findConfig({ flag, cwd, env }: ConfigRequest, home: Home): Promise<ConfigLocation | undefined> {
  if (flag !== undefined) return named({ path: resolve(cwd, flag), origin: "flag" });
  const variable = env["BOWLINE_CONFIG"];
  if (variable) return named({ path: resolve(cwd, variable), origin: "environment" });
  const own = join(home.config, FILE);
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const path = join(folder, FILE);
    if (await isFile(path)) return { path, origin: (await isSame(path, own)) ? "home" : "found" };
    if (folder === dirname(folder)) break;
  }
  return (await isFile(own)) ? { path: own, origin: "home" } : undefined;
}

async function named(location: ConfigLocation): Promise<ConfigLocation> {
  if (await isFile(location.path)) return location;
  const by = location.origin === "flag" ? "--config" : "BOWLINE_CONFIG";
  throw new BowlineError({
    code: "FILE_NOT_READ",
    message: `the config "${location.path}", named by ${by}, is not there`,
    hint: "correct the path, or leave it out to use the bowline.yaml found from here upwards",
  });
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  // A pipe is fine where it is named: --config <(…)
  return found !== undefined && !found.isDirectory();
}

async function isSame(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => realpath(path).catch(() => undefined)));
  return a !== undefined && a === b;
}
