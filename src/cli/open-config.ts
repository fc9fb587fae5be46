import { isAbsolute, resolve } from "node:path";
import { loadConfig, type Config, type ConfigRequest } from "../config/index.ts";
import type { CliContext } from "./context.ts";
import { printWarnings } from "./output/problems.ts";

/** The config that a command works with; its warnings are printed. */
export async function openConfig(options: { config?: string }, context: CliContext): Promise<Config> {
  const config = await loadConfig(configRequest(options, context));
  printWarnings(config.warnings, context);
  return config;
}

/** Where a command looks for its config. */
export function configRequest({ config }: { config?: string }, { cwd, env }: CliContext): ConfigRequest {
  return { ...(config !== undefined && { flag: config }), cwd, env };
}

/** A path from the command line, seen from where the command was typed. */
export function pathFrom(path: string, context: CliContext): string {
  return isAbsolute(path) ? path : resolve(context.cwd, path);
}
