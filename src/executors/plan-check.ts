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

/** The place of a problem, where there is one. */
export function at(place: Place | undefined): { place?: Place } {
  return place === undefined ? {} : { place };
}
