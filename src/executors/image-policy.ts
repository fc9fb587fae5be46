import type { Plan } from "../compile/index.ts";
import type { Policy } from "../config/index.ts";
import type { ProblemInput } from "../lib/index.ts";
import { handlerWithImage } from "./handler.ts";
import { at, containersOf } from "./plan-check.ts";

/** Images of a plan that `policy.images` does not let run. In its globs `*` stands for any text and `?` for one character. */
export function refusedImages(plan: Plan, { images }: Pick<Policy, "images">): ProblemInput[] {
  if (images === undefined) return [];
  const globs = images.map(expressionOf);
  return containersOf(plan, handlerWithImage).flatMap(({ image, place }) => {
    if (image === undefined || globs.some((glob) => glob.test(image))) return [];
    return [
      {
        code: "POLICY_REFUSED",
        message: `the image "${image}" is not one that policy.images allows`,
        hint: `allowed: ${images.map((each) => `"${each}"`).join(", ")}`,
        ...at(place),
      },
    ];
  });
}

function expressionOf(glob: string): RegExp {
  const text = glob.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${text.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
}
