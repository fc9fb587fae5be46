import { join } from "node:path";
import type { Plan } from "../../compile/index.ts";
import type { Resolution } from "../../git/index.ts";
import type { ExecutionContext, Executor, Outcome } from "../executor.ts";
import type { GitEngine } from "../git-engine.ts";
import { runAttempts } from "../attempts.ts";
import { handlerWithCommand as handlerOf } from "../handler.ts";
import { pinPlan } from "../pin-plan.ts";
import { runInitSteps } from "./init-steps.ts";
import { openProcessRun, type ProcessRun } from "./process-run.ts";
import { makeFolder } from "../../lib/index.ts";

/** Runs a plan as processes of this machine; a run is a process group in the run's folder. */
export function createProcessExecutor(engine: GitEngine): Executor {
  let resolutions: ReadonlyMap<string, Resolution> = new Map();

  async function pin(plan: Plan, context: ExecutionContext): Promise<Plan> {
    const pinned = await pinPlan(plan, { context, engine, handlerOf });
    resolutions = pinned.resolutions;
    return pinned.plan;
  }

  async function execute(plan: Plan, context: ExecutionContext): Promise<Outcome> {
    context.onEvent({ type: "status", status: "scheduled" });
    const run = openProcessRun(plan, context);
    try {
      context.onEvent({ type: "status", status: "starting" });
      await makeFolders(plan, context);
      await runInitSteps(run, { engine, resolutions });
      if (run.ending.signal.aborted) return run.ending.outcome();
      startSidecars(run);
      const { ending } = run;
      return await runAttempts({
        plan,
        context,
        ending,
        log: "main",
        run: () => run.run({ log: "main", container: plan.main }),
      });
    } catch (error) {
      // What the end of the run tore apart is no failure of its own.
      if (run.ending.signal.aborted) return run.ending.outcome();
      throw error;
    } finally {
      for (const { session } of resolutions.values()) session.close();
      await run.close();
    }
  }

  return { kind: "process", pin, execute };
}

async function makeFolders(plan: Plan, { uuid }: ExecutionContext): Promise<void> {
  const outputs = join(plan.artifactsPath, uuid, "outputs");
  await makeFolder(outputs);
}

/** They live beside the main container; `close` ends them with the run. */
function startSidecars(run: ProcessRun): void {
  for (const container of run.plan.sidecars) {
    if (container.command === undefined) continue;
    const log = `sidecar/${container.name}`;
    run.run({ log, container }).then(
      ({ exitCode }) => run.context.say(log, `ended with exit code ${exitCode}`),
      (error: unknown) =>
        run.context.say(log, `could not be started: ${error instanceof Error ? error.message : String(error)}`),
    );
  }
}
