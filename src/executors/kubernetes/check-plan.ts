import type { Plan } from "../../compile/index.ts";
import type { Config } from "../../config/index.ts";
import type { Problem } from "../../lib/index.ts";
import { missingImages } from "../image-missing.ts";
import { refusedImages } from "../image-policy.ts";
import { at, mountWarnings, type PlanCheck } from "../plan-check.ts";

/** What a cluster cannot do of a plan, and what it does otherwise than the plan says. */
export function checkPlan(plan: Plan, { policy }: Pick<Config, "policy">): PlanCheck {
  return {
    errors: [...missingImages(plan, "kubernetes"), ...refusedImages(plan, policy)],
    warnings: [...serviceWarnings(plan), ...restartPolicyWarnings(plan), ...mountWarnings(plan, "NOT_ON_KUBERNETES")],
  };
}

function serviceWarnings(plan: Plan): Problem[] {
  if (plan.kind !== "service") return [];
  const { timeout, maxRetries } = plan.termination;
  const parts = [
    ...(timeout === undefined ? [] : ["termination.timeout"]),
    ...(maxRetries === 0 ? [] : ["termination.maxRetries"]),
  ];
  if (parts.length === 0) return [];
  return [
    {
      code: "NOT_ON_KUBERNETES",
      message: `a service in a cluster is started again until it is stopped: ${parts.join(" and ")} of it have no meaning there`,
      hint: "make it a job if it is to end",
      ...at(plan.main.place),
    },
  ];
}

function restartPolicyWarnings({ environment, main }: Plan): Problem[] {
  const policy = environment["restartPolicy"];
  if (policy === undefined || policy === "Never") return [];
  return [
    {
      code: "NOT_ON_KUBERNETES",
      message: `environment.restartPolicy "${String(policy)}" is left out: each attempt of a job has a pod of its own`,
      hint: "say how often it may be tried again with termination.maxRetries",
      ...at(main.place),
    },
  ];
}
