import type { ContainerPlan, Plan } from "../compile/index.ts";
import type { Place, Problem, ProblemInput } from "../lib/index.ts";
import type { HandlerOf } from "./handler.ts";

/** What an executor cannot do of a plan, and what it leaves out with a warning. */
export interface PlanCheck {
  errors: ProblemInput[];
  warnings: Problem[];
}

/** Every container of a plan that is run. */
export function containersOf(plan: Plan, handlerOf: HandlerOf): ContainerPlan[] {
  const init = plan.init.flatMap((step) => {
    if (step.kind === "git") return handlerOf(step) ?? [];
    return step.kind === "container" ? step.container : [];
  });
  return [...init, plan.main, ...plan.sidecars];
}

/** A mount is of this machine: what runs elsewhere gets a copy. */
export function mountWarnings({ init }: Plan, code: string): Problem[] {
  const step = init.find((one) => one.kind === "git" && one.options.mount === true);
  if (step === undefined) return [];
  const message = `mount: true of "${step.name}" counts for the process executor only: its files are copied`;
  return [{ code, message, hint: "leave it out, or run with --executor process", ...at(step.place) }];
}

/** The place of a problem, where there is one. */
export function at(place: Place | undefined): { place?: Place } {
  return place === undefined ? {} : { place };
}
