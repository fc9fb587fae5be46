import { isAbsolute, resolve } from "node:path";
import { loadConfig, type Config } from "../config/index.ts";
import type { CliContext } from "./context.ts";
import { printWarnings } from "./output/problems.ts";

/** The config that a command works with; its warnings are printed. */
export async function openConfig(options: { config?: string }, context: CliContext): Promise<Config> {
  const flag = options.config === undefined ? {} : { flag: options.config };
  const config = await loadConfig({ ...flag, cwd: context.cwd, env: context.env });
  printWarnings(config.warnings, context);
  return config;
}

/** A path from the command line, seen from where the command was typed. */
export function pathFrom(path: string, context: CliContext): string {
  return isAbsolute(path) ? path : resolve(context.cwd, path);
}
