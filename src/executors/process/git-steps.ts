import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { GitStep } from "../../compile/index.ts";
import type { Resolution } from "../../git/index.ts";
import { BowlineError, type ProblemInput } from "../../lib/index.ts";
import type { GitEngine } from "../git-engine.ts";
import { gitRequest } from "../pin-plan.ts";
import type { ProcessRun } from "./process-run.ts";
import { insideOf } from "./run-folder.ts";

/** After one failed the others get this long to succeed or to tell their own errors, in milliseconds. */
const PATIENCE = 3_000;

/** Fetches neighbouring git steps side by side. Throws the errors of all that failed. */
export async function runGitSteps(
  steps: readonly GitStep[],
  tools: { run: ProcessRun; engine: GitEngine; resolutions: ReadonlyMap<string, Resolution> },
): Promise<void> {
  const failure = new AbortController();
  const signal = AbortSignal.any([tools.run.ending, failure.signal]);
  const results = await Promise.allSettled(
    steps.map(async (step) => {
      try {
        await fetchStep(step, { ...tools, signal });
      } catch (error) {
        // An error that the abort itself made is no news.
        if (signal.aborted) return;
        setTimeout(() => failure.abort(), PATIENCE).unref();
        throw error;
      }
    }),
  );
  const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  const problems: ProblemInput[] = [];
  for (const error of errors) {
    if (!(error instanceof BowlineError)) throw error;
    problems.push(...error.problems);
  }
  if (problems.length > 0) throw new BowlineError(problems, { cause: errors[0] });
}

async function fetchStep(
  step: GitStep,
  {
    run,
    engine,
    resolutions,
    signal,
  }: {
    run: ProcessRun;
    engine: GitEngine;
    resolutions: ReadonlyMap<string, Resolution>;
    signal: AbortSignal;
  },
): Promise<void> {
  const { context } = run;
  const target = insideOf(context.folder, step);
  const resolution = resolutions.get(step.name) ?? step.pin;
  if (resolution === undefined) {
    const message = `the init step "${step.name}" has no commit`;
    throw new BowlineError({ code: "INTERNAL", message, hint: "please report this" });
  }
  await mkdir(dirname(target), { recursive: true });
  const reference = await engine.materialize({
    ...gitRequest(step, context),
    resolution,
    target,
    shownPath: step.path,
    signal,
  });
  context.onEvent({ type: "code-reference", step: step.name, reference });
}
