import type { Plan } from "../compile/index.ts";
import type { ProblemInput } from "../lib/index.ts";
import { handlerWithImage } from "./handler.ts";
import { at, containersOf } from "./plan-check.ts";

/** Containers that cannot be run where everything runs in an image. */
export function missingImages(plan: Plan, executor: string): ProblemInput[] {
  return containersOf(plan, handlerWithImage).flatMap((container) => {
    if (container.image !== undefined) return [];
    const isMain = container === plan.main;
    return [
      {
        code: "CONTAINER_MISSING",
        message: `the ${executor} executor cannot run ${isMain ? "the main container" : `the container "${container.name}"`} without an image`,
        hint: isMain
          ? "set container.image, or give it: bowline run -f FILE --image IMAGE"
          : "set its image, or use the process executor, which runs commands of this machine",
        ...at(container.place),
      },
    ];
  });
}
