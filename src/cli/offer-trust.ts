import type { Plan } from "../compile/index.ts";
import { trustConfig, type Config } from "../config/index.ts";
import { confirm } from "./ask.ts";
import type { CliContext } from "./context.ts";

/**
 * Asks, on a terminal only, whether a found config may use what it needs for this plan. True when it may from now on, and the
 * config must be read again. Elsewhere the run itself fails with the command that trusts it.
 */
export async function offerTrust(
  { config, plan }: { config: Config; plan: Plan },
  context: CliContext,
): Promise<boolean> {
  if (config.trusted || config.path === undefined || !context.terminal.in || !context.terminal.err) return false;
  const secrets = Object.values(plan.connections).filter((connection) => connection.secret !== undefined);
  if (secrets.length === 0 && config.catalog.credentials.length === 0) return false;
  context.err(`${config.path} was found here, not named by you; it asks for stored secrets\n`);
  if (!(await confirm("trust it from now on?", {}, context))) return false;
  await trustConfig(config.path, config.home);
  return true;
}
