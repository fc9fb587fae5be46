import { dirname } from "node:path";
import type { GitStep } from "../compile/index.ts";
import type { MountSpace, Resolution } from "../git/index.ts";
import { BowlineError, makeFolder, type ProblemInput } from "../lib/index.ts";
import type { ExecutionContext } from "./executor.ts";
import type { GitEngine } from "./git-engine.ts";
import { gitRequest } from "./pin-plan.ts";

/** After one failed the others get this long to succeed or to tell their own errors, in milliseconds. */
const PATIENCE = 3_000;

/** Does neighbouring git steps side by side. Throws the errors of all that failed. */
export async function sideBySide(
  steps: readonly GitStep[],
  ending: AbortSignal,
  work: (step: GitStep, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController();
  const signal = AbortSignal.any([ending, failure.signal]);
  const results = await Promise.allSettled(
    steps.map(async (step) => {
      try {
        await work(step, signal);
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

export interface Fetch {
  step: GitStep;
  context: ExecutionContext;
  engine: GitEngine;
  resolutions: ReadonlyMap<string, Resolution>;
  /** `step.path` on this machine. */
  target: string;
  signal: AbortSignal;
  /** Where the files may be mounted for what is started there. */
  mounts?: MountSpace | undefined;
}

/** Has the engine put the commit of a step into its folder on this machine, and tells of it. */
export async function fetchStep({ step, context, engine, resolutions, target, signal, mounts }: Fetch): Promise<void> {
  await makeFolder(dirname(target));
  const reference = await engine.materialize({
    ...gitRequest(step, context),
    resolution: resolutions.get(step.name) ?? pinOf(step),
    target,
    shownPath: step.path,
    signal,
    ...(mounts !== undefined && { mounts }),
  });
  context.onEvent({ type: "code-reference", step: step.name, reference });
}

/** The commit of a step, which a pinned plan has. */
export function pinOf({ name, pin }: GitStep): NonNullable<GitStep["pin"]> {
  if (pin !== undefined) return pin;
  const message = `the init step "${name}" has no commit`;
  throw new BowlineError({ code: "INTERNAL", message, hint: "please report this" });
}
