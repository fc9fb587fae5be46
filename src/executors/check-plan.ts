import type { Plan } from "../compile/index.ts";
import type { Config, ExecutorChoice } from "../config/index.ts";
import type { PlanCheck } from "./plan-check.ts";

/** What an executor cannot do of a plan, and what it leaves out with a warning. */
export async function checkPlanFor(
  kind: ExecutorChoice["kind"],
  plan: Plan,
  config: Pick<Config, "policy">,
): Promise<PlanCheck> {
  if (kind === "process") return (await import("./process/check-plan.ts")).checkPlan(plan);
  if (kind === "docker") return (await import("./docker/check-plan.ts")).checkPlan(plan, config);
  return (await import("./kubernetes/check-plan.ts")).checkPlan(plan, config);
}
