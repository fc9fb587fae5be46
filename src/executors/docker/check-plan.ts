import type { Plan } from "../../compile/index.ts";
import type { Config } from "../../config/index.ts";
import { missingImages } from "../image-missing.ts";
import { refusedImages } from "../image-policy.ts";
import type { PlanCheck } from "../plan-check.ts";

/** What Docker cannot do of a plan, and what it leaves out with a warning. */
export function checkPlan(plan: Plan, { policy }: Pick<Config, "policy">): PlanCheck {
  return { errors: [...missingImages(plan, "docker"), ...refusedImages(plan, policy)], warnings: [] };
}
