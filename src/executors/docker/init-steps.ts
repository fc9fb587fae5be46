import { chmod, lchown, readdir } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import type { ContainerPlan, ContainerStep, FileStep, GitStep, InitStep } from "../../compile/index.ts";
import type { Resolution } from "../../git/index.ts";
import { BowlineError } from "../../lib/index.ts";
import { writeFileStep } from "../file-step.ts";
import type { GitEngine } from "../git-engine.ts";
import { fetchStep, sideBySide } from "../git-steps.ts";
import { handlerEnv, handlerWithImage as handlerOf, neighbours, stepConnections, tellLeftCode } from "../handler.ts";
import { at } from "../plan-check.ts";
import type { ContainerJob } from "./container-job.ts";
import type { DockerRun } from "./docker-run.ts";
import type { Owner } from "./user.ts";

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

/** The engine of this process, into folders that are mounted; its files belong to the user of the main container. */
export function localWorker(
  run: DockerRun,
  { engine, resolutions, owner }: { engine: GitEngine; resolutions: ReadonlyMap<string, Resolution>; owner: Owner },
): StepWorker {
  const { context, folders, plan } = run;
  const base = dirname(folders.here(plan.artifactsPath));
  return {
    async git(step, signal) {
      const target = folders.here(step.path);
      await fetchStep({ step, context, engine, resolutions, target, signal });
      await give(target, owner);
      await giveAbove(dirname(target), { owner, base });
    },
    async file(step) {
      const path = folders.here(posix.join(step.path, step.filename));
      await writeFileStep(step, path);
      await give(path, owner);
      await giveAbove(dirname(path), { owner, base });
    },
    left: (step, took) =>
      tellLeftCode({ step, context, folder: folders.here(step.path), took, signal: run.ending.signal }),
  };
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
  await runToEnd(step, { log: `init/${step.name}`, attempt: 1, container, connections, more: handlerEnv(step) }, run);
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
    hint: `see what it said: bowline logs ${run.context.uuid} --container ${job.log}`,
    ...at(step.place),
  });
}

/** Gives a file, or a folder with all that is in it, to a user, where this process may: as root, or to itself. */
async function give(path: string, owner: Owner): Promise<void> {
  if (process.getuid?.() !== 0) return;
  await lchown(path, owner.uid, owner.gid);
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) await give(below, owner);
    else await lchown(below, owner.uid, owner.gid);
  }
}

/** The folders that were made for it, too; and as root or not, anybody may add to them. */
async function giveAbove(folder: string, { owner, base }: { owner: Owner; base: string }): Promise<void> {
  if (!folder.startsWith(`${base}/`)) return;
  if (process.getuid?.() === 0) await lchown(folder, owner.uid, owner.gid);
  await chmod(folder, 0o777).catch(() => {});
  await giveAbove(dirname(folder), { owner, base });
}
