import { join } from "node:path";
import type { ContainerPlan, ContainerStep, GitStep, InitStep, Plan } from "../../compile/index.ts";
import type { Resolution } from "../../git/index.ts";
import { BowlineError } from "../../lib/index.ts";
import { writeFileStep } from "../file-step.ts";
import type { GitEngine } from "../git-engine.ts";
import { fetchStep, sideBySide } from "../git-steps.ts";
import { handlerEnv, handlerWithCommand as handlerOf, neighbours, stepConnections, tellLeftCode } from "../handler.ts";
import type { ContainerJob, ProcessRun } from "./process-run.ts";
import { insideOf } from "./run-folder.ts";

/** Runs the init steps in declared order, neighbouring fetches side by side, until the first that fails. */
export async function runInitSteps(
  run: ProcessRun,
  tools: { engine: GitEngine; resolutions: ReadonlyMap<string, Resolution> },
): Promise<void> {
  const { context, ending } = run;
  for (const group of neighbours(run.plan.init, handlerOf)) {
    if (ending.signal.aborted) return;
    const [first] = group;
    if (first === undefined) continue;
    if (first.kind === "file") {
      const { path, filename, place } = first;
      await writeFileStep(first, insideOf(context.folder, { path: join(path, filename), place }));
    } else if (first.kind === "container") await runContainerStep(first, run);
    else if (handlerOf(first) !== undefined) await runHandler(first, run);
    else {
      await sideBySide(group as GitStep[], ending.signal, (step, signal) =>
        fetchStep({
          ...{ ...tools, step, context, target: insideOf(context.folder, step), signal },
          mounts: holdsOthers(step, run.plan) ? undefined : run.mounts,
        }),
      );
    }
  }
}

/** Whether another step writes into this one's folder: what this process writes there would lie below the mount. */
function holdsOthers({ path }: GitStep, { init }: Plan): boolean {
  return init.some((step) => step.kind !== "container" && step.path.startsWith(`${path}/`));
}

function runContainerStep(step: ContainerStep, run: ProcessRun): Promise<void> {
  if (step.container.command === undefined) return skipImage(step, run);
  const connections = stepConnections(step.connection, step.container);
  return runToEnd(step, { log: `init/${step.name}`, container: step.container, connections }, run);
}

/** An image alone cannot be run as a process; `checkPlanFor` has warned of it. */
async function skipImage(step: ContainerStep, { context }: ProcessRun): Promise<void> {
  context.say(`init/${step.name}`, `skipped: the image "${step.container.image ?? ""}" has no command here`);
}

/** The user's own way to get the code. */
async function runHandler(step: GitStep, run: ProcessRun): Promise<void> {
  const started = performance.now();
  const container = handlerOf(step) as ContainerPlan;
  const connections = stepConnections(step.connection, container);
  const more = handlerEnv(step, run.context.config.policy);
  await runToEnd(step, { log: `init/${step.name}`, container, connections, more }, run);
  const { context, ending } = run;
  const { signal } = ending;
  if (signal.aborted) return;
  await tellLeftCode({ step, context, folder: step.path, took: performance.now() - started, signal });
}

async function runToEnd(step: InitStep, job: ContainerJob, run: ProcessRun): Promise<void> {
  const { exitCode, refused } = await run.run(job);
  if (run.ending.signal.aborted || exitCode === 0) return;
  throw new BowlineError({
    code: "RUN_FAILED",
    message: `the init step "${step.name}" ended with exit code ${exitCode}${refused === undefined ? "" : `: ${refused}`}`,
    hint: `see what it said: bowline logs ${run.context.uuid} --container ${job.log}`,
    ...(step.place === undefined ? {} : { place: step.place }),
  });
}
