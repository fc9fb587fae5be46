import type { Plan } from "../../compile/index.ts";
import type { Config } from "../../config/index.ts";
import type { Problem } from "../../lib/index.ts";
import { handlerWithImage } from "../handler.ts";
import { missingImages } from "../image-missing.ts";
import { refusedImages } from "../image-policy.ts";
import { at, containersOf, mountWarnings, type PlanCheck } from "../plan-check.ts";
import { hostSettings } from "./settings.ts";
import { volumesLeftOut } from "./volumes.ts";

/** What Docker cannot do of a plan, and what it leaves out with a warning. */
export function checkPlan(plan: Plan, { policy }: Pick<Config, "policy">): PlanCheck {
  return {
    errors: [...missingImages(plan, "docker"), ...refusedImages(plan, policy)],
    warnings: [...leftOut(plan), ...mountWarnings(plan, "NOT_ON_DOCKER")],
  };
}

/** One warning for all, where the first of them is. */
function leftOut(plan: Plan): Problem[] {
  const found = containersOf(plan, handlerWithImage).map((container) => ({
    place: container.place,
    keys: hostSettings(container, plan).leftOut,
  }));
  const copies = plan.kind === "job" && plan.replicas > 1 ? [`replicas: ${plan.replicas} of a job`] : [];
  const keys = new Set([...found.flatMap((each) => each.keys), ...volumesLeftOut(plan), ...copies]);
  if (keys.size === 0) return [];
  return [
    {
      code: "NOT_ON_DOCKER",
      message: `the docker executor leaves out: ${[...keys].join(", ")}`,
      hint: "on a cluster it counts",
      ...at(found.find((each) => each.keys.length > 0)?.place ?? plan.main.place),
    },
  ];
}
