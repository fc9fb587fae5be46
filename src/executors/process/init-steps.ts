import { randomUUID } from "node:crypto";
import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ContainerPlan, ContainerStep, FileStep, GitStep, InitStep } from "../../compile/index.ts";
import { readLeftCode, type Resolution } from "../../git/index.ts";
import { BowlineError, writeError, type Problem } from "../../lib/index.ts";
import type { GitEngine } from "../git-engine.ts";
import { handlerOf } from "../pin-plan.ts";
import { runGitSteps } from "./git-steps.ts";
import type { ContainerJob, ProcessRun } from "./process-run.ts";
import { insideOf } from "./run-folder.ts";

/** Runs the init steps in declared order, neighbouring fetches side by side, until the first that fails. */
export async function runInitSteps(
  run: ProcessRun,
  tools: { engine: GitEngine; resolutions: ReadonlyMap<string, Resolution> },
): Promise<void> {
  for (const group of neighbours(run.plan.init)) {
    if (run.ending.aborted) return;
    const [first] = group;
    if (first === undefined) continue;
    if (first.kind === "file") await writeFileStep(first, run);
    else if (first.kind === "container") await runContainerStep(first, run);
    else if (handlerOf(first) !== undefined) await runHandler(first, run);
    else await runGitSteps(group as GitStep[], { ...tools, run });
  }
}

/** One step each, but for the engine's own, which stay together. */
function neighbours(steps: readonly InitStep[]): InitStep[][] {
  const groups: InitStep[][] = [];
  for (const step of steps) {
    const before = groups.at(-1);
    if (before?.[0] !== undefined && isEngines(before[0]) && isEngines(step)) before.push(step);
    else groups.push([step]);
  }
  return groups;
}

function isEngines(step: InitStep): boolean {
  return step.kind === "git" && handlerOf(step) === undefined;
}

async function writeFileStep(step: FileStep, { context }: ProcessRun): Promise<void> {
  const path = insideOf(context.folder, { path: join(step.path, step.filename), place: step.place });
  const temporary = `${path}.${randomUUID()}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, step.content, { flag: "wx" });
    // Not by the mode of writeFile, from which the umask takes.
    await chmod(temporary, step.mode);
    await rename(temporary, path);
  } catch (error) {
    throw writeError(path, error);
  }
}

function runContainerStep(step: ContainerStep, run: ProcessRun): Promise<void> {
  if (step.container.command === undefined) return skipImage(step, run);
  const own = step.connection === undefined ? [] : [step.connection];
  const connections = [...own, ...step.container.connections.filter((name) => name !== step.connection)];
  return runToEnd(step, { log: `init/${step.name}`, container: step.container, connections }, run);
}

/** An image alone cannot be run as a process; `checkPlanFor` has warned of it. */
async function skipImage(step: ContainerStep, { context }: ProcessRun): Promise<void> {
  context.say(`init/${step.name}`, `skipped: the image "${step.container.image ?? ""}" has no command here`);
}

/** The user's own way to get the code; it is told what the engine would have been told. */
async function runHandler(step: GitStep, run: ProcessRun): Promise<void> {
  const started = performance.now();
  const container = handlerOf(step) as ContainerPlan;
  const { pin, connection, revision } = step;
  const more = {
    BOWLINE_GIT_URL: step.url,
    BOWLINE_GIT_PATH: step.path,
    ...(revision === undefined ? {} : { BOWLINE_GIT_REVISION: revision }),
    ...(pin === undefined ? {} : { BOWLINE_GIT_COMMIT: pin.commit }),
    ...(pin?.ref === undefined ? {} : { BOWLINE_GIT_REF: pin.ref }),
  };
  const own = connection === undefined ? [] : [connection];
  const connections = [...own, ...container.connections.filter((name) => name !== connection)];
  await runToEnd(step, { log: `init/${step.name}`, container, connections, more }, run);
  if (run.ending.aborted) return;
  await tellLeftCode(step, performance.now() - started, run);
}

/** The commit that is there now, which need not be the one that was asked for. */
async function tellLeftCode(step: GitStep, took: number, { context, ending: signal }: ProcessRun): Promise<void> {
  const { url, revision, connection, pin, path } = step;
  const { policy, network } = context.config;
  const asked = { url, policy, network, path, took, signal };
  const reference = await readLeftCode({
    ...asked,
    ...(revision === undefined ? {} : { revision }),
    ...(connection === undefined ? {} : { connection }),
    ...(pin === undefined ? {} : { pin }),
  });
  if (reference === undefined) return;
  context.onEvent({ type: "code-reference", step: step.name, reference });
  if (pin !== undefined && pin.commit !== reference.commit) {
    context.onEvent({ type: "warning", warning: otherCommit(step, { asked: pin.commit, left: reference.commit }) });
  }
}

function otherCommit(step: GitStep, { asked, left }: { asked: string; left: string }): Problem {
  return {
    code: "HANDLER_OTHER_COMMIT",
    message: `"${step.name}" was asked for commit ${asked} and left ${left}`,
    hint: 'check out "$BOWLINE_GIT_COMMIT" in the step\'s own container',
    ...(step.connection === undefined ? {} : { connection: step.connection }),
    ...(step.place === undefined ? {} : { place: step.place }),
  };
}

async function runToEnd(step: InitStep, job: ContainerJob, run: ProcessRun): Promise<void> {
  const { exitCode, refused } = await run.run(job);
  if (run.ending.aborted || exitCode === 0) return;
  throw new BowlineError({
    code: "RUN_FAILED",
    message: `the init step "${step.name}" ended with exit code ${exitCode}${refused === undefined ? "" : `: ${refused}`}`,
    hint: `see what it said: bowline logs ${run.context.uuid} --container ${job.log}`,
    ...(step.place === undefined ? {} : { place: step.place }),
  });
}
