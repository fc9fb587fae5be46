import type { ComposeFile } from "./compose/compose-file.ts";
import type { ExecutionContext } from "./executor.ts";
import type { GitEngine } from "./git-engine.ts";
import { handlerWithImage as handlerOf } from "./handler.ts";
import { pinPlan, type PinContext } from "./pin-plan.ts";
import type { Plan } from "../compile/index.ts";

/** Pins a plan, and makes a file for `docker compose` of it. Throws a BowlineError with every revision that was refused. */
export async function composePlan(
  plan: Plan,
  { context, engine }: { context: PinContext & Pick<ExecutionContext, "readSecret">; engine: GitEngine },
): Promise<ComposeFile> {
  const pinned = await pinPlan(plan, { context, engine, handlerOf });
  for (const { session } of pinned.resolutions.values()) session.close();
  const { composeFile } = await import("./compose/compose-file.ts");
  const keysOf = async (name: string): Promise<string[]> => [...(await context.readSecret(name)).keys()];
  return composeFile({ plan: pinned.plan, config: context.config, uuid: context.uuid, keysOf });
}
