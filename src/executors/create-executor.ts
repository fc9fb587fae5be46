import type { Config, ExecutorChoice } from "../config/index.ts";
import { BowlineError } from "../lib/index.ts";
import type { Executor } from "./executor.ts";
import type { GitEngine } from "./git-engine.ts";

/** Which Docker Engine this choice leads to, in words. Throws EXECUTOR_ABSENT, USAGE, and what else keeps a run from it. */
export async function examineDocker(choice: ExecutorChoice, config: Config): Promise<string> {
  return (await import("./docker/docker-executor.ts")).examineEngine({ choice, config });
}

/** The executor of this choice, for one run; only its own code is loaded. Clusters carry out runs by themselves: USAGE. */
export async function createExecutor(
  choice: ExecutorChoice,
  { engine, config }: { engine: GitEngine; config: Config },
): Promise<Executor> {
  if (choice.kind === "process") return (await import("./process/process-executor.ts")).createProcessExecutor(engine);
  if (choice.kind === "docker")
    return (await import("./docker/docker-executor.ts")).createDockerExecutor({ choice, config, engine });
  throw new BowlineError({
    code: "USAGE",
    message: "a run in a cluster has no place among the runs of this machine",
    hint: "open the runs with a config whose executor is kubernetes",
  });
}
