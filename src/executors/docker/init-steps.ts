import type { ContainerPlan, ContainerStep, FileStep, GitStep, InitStep } from "../../compile/index.ts";
import { BowlineError } from "../../lib/index.ts";
import { sideBySide } from "../git-steps.ts";
import { handlerEnv, handlerWithImage as handlerOf, neighbours, stepConnections } from "../handler.ts";
import { at } from "../plan-check.ts";
import type { ContainerJob } from "./container-job.ts";
import type { DockerRun } from "./docker-run.ts";

/** Does the git and file steps of a run: on this machine, or where the engine is. */
export interface StepWorker {
  git: (step: GitStep, signal: AbortSignal) => Promise<void>;
  file: (step: FileStep) => Promise<void>;
  /** Tells what a handler left, where that can be seen. */
  left: (step: GitStep, took: number) => Promise<void>;
}

/** Runs the init steps in declared order, neighbouring fetches side by side, until the first that fails. */
export async function runInitSteps(run: DockerRun, worker: StepWorker): Promise<void> {
  for (const group of neighbours(run.plan.init, handlerOf)) {
    if (run.ending.signal.aborted) return;
    const [first] = group;
    if (first === undefined) continue;
    if (first.kind === "file") await worker.file(first);
    else if (first.kind === "container") await runContainerStep(first, run);
    else if (handlerOf(first) !== undefined) await runHandler(first, run, worker);
    else await sideBySide(group as GitStep[], run.ending.signal, worker.git);
  }
}

function runContainerStep(step: ContainerStep, run: DockerRun): Promise<void> {
  const connections = stepConnections(step.connection, step.container);
  return runToEnd(step, { log: `init/${step.name}`, attempt: 1, container: step.container, connections }, run);
}

/** The user's own way to get the code. */
async function runHandler(step: GitStep, run: DockerRun, worker: StepWorker): Promise<void> {
  const started = performance.now();
  const container = handlerOf(step) as ContainerPlan;
  const connections = stepConnections(step.connection, container);
  const more = handlerEnv(step, run.context.config.policy);
  await runToEnd(step, { log: `init/${step.name}`, attempt: 1, container, connections, more }, run);
  if (!run.ending.signal.aborted) await worker.left(step, performance.now() - started);
}

async function runToEnd(step: InitStep, job: ContainerJob, run: DockerRun): Promise<void> {
  const { id, ended } = await run.start(job);
  const { exitCode, refused, outOfMemory } = await ended;
  if (run.ending.signal.aborted) return;
  await run.remove(id);
  if (exitCode === 0) return;
  const why = refused !== undefined ? `: ${refused}` : outOfMemory ? ": it used more memory than its limit" : "";
  throw new BowlineError({
    code: "RUN_FAILED",
    message: `the init step "${step.name}" ended with exit code ${exitCode}${why}`,
    hint: outOfMemory
      ? "give it more memory: the step's container.resources"
      : `see what it said: bowline logs ${run.context.uuid} --container ${job.log}`,
    ...at(step.place),
  });
}
