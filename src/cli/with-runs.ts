import type { Config } from "../config/index.ts";
import { BowlineError } from "../lib/index.ts";
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
  const before = await openConfig(options, context);
  const config = withExecutor(before, options);
  const runs = openRuns({ config, env: { ...context.env }, superviseCommand: superviseCommand(config) });
  try {
    return await use(runs, config);
  } catch (error) {
    const chosen = options.executor === undefined && before.executor.kind !== config.executor.kind;
    throw chosen && error instanceof BowlineError && error.code === "EXECUTOR_ABSENT" ? onlyNamed(error) : error;
  } finally {
    await runs.close();
  }
}

/** Nobody spoke of a cluster but by the option that names a part of it. */
function onlyNamed(error: BowlineError): BowlineError {
  const hint = "--namespace (-n) and --context mean a cluster: leave them out for the runs of this machine";
  return new BowlineError({ code: error.code, message: error.message, hint }, { cause: error });
}

/**
 * How a detached run's own process is started. Only a config that was named is named again: one that was found must be found,
 * or it would count as the user's own.
 */
function superviseCommand(config: Config): string[] {
  const named = config.origin === "flag" && config.path !== undefined ? ["--config", config.path] : [];
  return [process.execPath, process.argv[1]!, "supervise", ...named];
}
