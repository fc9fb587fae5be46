import type { Config } from "../config/index.ts";
import { withExecutor, type ExecutorOptions } from "./executor-options.ts";
import { openRuns, type Runs } from "../runs/index.ts";
import type { CliContext } from "./context.ts";
import { openConfig } from "./open-config.ts";

/** The config and the runs, closed again whatever happens. */
export async function withRuns<T>(
  options: ExecutorOptions & { config?: string },
  context: CliContext,
  use: (runs: Runs, config: Config) => Promise<T>,
): Promise<T> {
  const config = withExecutor(await openConfig(options, context), options);
  const runs = openRuns({ config, env: { ...context.env }, superviseCommand: superviseCommand(config) });
  try {
    return await use(runs, config);
  } finally {
    await runs.close();
  }
}

/**
 * How a detached run's own process is started. Only a config that was named is named again: one that was found must be found,
 * or it would count as the user's own.
 */
function superviseCommand(config: Config): string[] {
  const named = config.origin === "flag" && config.path !== undefined ? ["--config", config.path] : [];
  return [process.execPath, process.argv[1]!, "supervise", ...named];
}
