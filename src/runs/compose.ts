import type { Plan } from "../compile/index.ts";
import { checkPlanFor, composePlan, type ComposeFile } from "../executors/index.ts";
import { BowlineError } from "../lib/index.ts";
import { defaultParts } from "./parts.ts";
import type { RunPlaces, RunsOptions } from "./runs.ts";

/** A plan that was compiled for containers, as a file for `docker compose`, its commits pinned. Nothing is run or kept. */
export async function composeRun(
  { plan, places }: { plan: Plan; places: RunPlaces },
  options: RunsOptions,
): Promise<ComposeFile> {
  const { engine, secrets } = defaultParts(options);
  const check = await checkPlanFor("docker", plan, options.config);
  if (check.errors.length > 0) throw new BowlineError(check.errors);
  const warnings = [...check.warnings];
  const never = new AbortController().signal;
  const file = await composePlan(plan, {
    engine,
    context: {
      uuid: places.uuid,
      config: options.config,
      findCredentialFor: secrets.findCredentialFor,
      readSecret: (name) => secrets.read("secret", name),
      onEvent: (event) => void (event.type === "warning" && warnings.push(event.warning)),
      ...{ stop: never, kill: never },
    },
  });
  return { ...file, warnings: [...warnings, ...file.warnings] };
}
