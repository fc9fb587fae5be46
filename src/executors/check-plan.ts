import type { Plan } from "../compile/index.ts";
import type { ExecutorChoice } from "../config/index.ts";
import type { Problem, ProblemInput } from "../lib/index.ts";

/** What an executor cannot do of a plan, and what it leaves out with a warning. */
export function checkPlanFor(
  kind: ExecutorChoice["kind"],
  plan: Plan,
): { errors: ProblemInput[]; warnings: Problem[] } {
  if (kind !== "process") return { errors: [], warnings: [] };
  const errors: ProblemInput[] = [];
  const { main } = plan;
  if (main.command === undefined && main.args === undefined) {
    errors.push({
      code: "CONTAINER_MISSING",
      message: `the process executor cannot run the image "${main.image ?? ""}" without a command`,
      hint: "set container.command, or append: -- COMMAND",
      ...(main.place === undefined ? {} : { place: main.place }),
    });
  }
  return { errors, warnings: [] };
}
