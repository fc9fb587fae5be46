import type { Config, ExecutorChoice } from "../config/index.ts";
import { BowlineError } from "../lib/index.ts";
import type { Executor } from "./executor.ts";
import type { GitEngine } from "./git-engine.ts";

/** The executor of this choice, for one run; only its own code is loaded. Throws EXECUTOR_ABSENT for one that this version does not have. */
export async function createExecutor(
  choice: ExecutorChoice,
  { engine, config }: { engine: GitEngine; config: Config },
): Promise<Executor> {
  if (choice.kind === "process") return (await import("./process/process-executor.ts")).createProcessExecutor(engine);
  if (choice.kind === "docker")
    return (await import("./docker/docker-executor.ts")).createDockerExecutor({ choice, config, engine });
  throw new BowlineError({
    code: "EXECUTOR_ABSENT",
    message: `the executor "${choice.kind}" is not there yet: this version runs jobs as local processes and in Docker`,
    hint: "leave it out, or use: --executor process",
  });
}
