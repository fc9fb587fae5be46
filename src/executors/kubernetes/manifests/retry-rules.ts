import type { Plan } from "../../../compile/index.ts";

/** Names of the containers in which our initializer runs. */
export function ownContainerNames(plan: Plan): string[] {
  return plan.init.flatMap((step) => (step.kind === "git" && step.handler === undefined ? [step.name] : []));
}
