import type { Config } from "../../config/index.ts";
import type { CliContext } from "../context.ts";
import { withoutPlace } from "../output/connection-views.ts";
import { isData, printValue, type Format } from "../output/data.ts";
import { openConfig } from "../open-config.ts";

const ORIGINS: Record<Config["origin"], string> = {
  flag: "named by --config",
  environment: "named by BOWLINE_CONFIG",
  found: "found from here upwards",
  home: "in the config home",
  none: "there is none; these are the defaults",
};

/** `bowline config view`: what is used here, defaults included. No value of a secret is ever in a config. */
export async function run(
  { options }: { options: { output?: Format; config?: string } },
  context: CliContext,
): Promise<void> {
  const config = await openConfig(options, context);
  if (options.output === "name") return context.out(config.path === undefined ? "" : `${config.path}\n`);
  const data = configData(config);
  if (isData(options.output)) return printValue(data, options.output, context);
  context.out(`# ${config.path ?? "no config file"} (${ORIGINS[config.origin]})\n`);
  if (!config.trusted)
    context.out("# not trusted: no stored secret, no from:, no policy:; see: bowline config trust\n");
  await printValue(data, "yaml", context);
}

function configData(config: Config): Record<string, unknown> {
  const { path, origin, trusted, executor, catalog, init, policy, home, network } = config;
  return {
    apiVersion: "bowline/v1",
    ...(path === undefined ? {} : { path }),
    origin,
    trusted,
    executor,
    connections: [...catalog.connections.values()].map(withoutPlace),
    credentials: catalog.credentials.map(withoutPlace),
    ...(Object.keys(init).length > 0 ? { init } : {}),
    policy,
    folders: home,
    network: withoutPasswords(network),
  };
}

/** A proxy's url may have a password in it. */
function withoutPasswords(network: Config["network"]): Record<string, string> {
  const entries = Object.entries(network) as [string, string][];
  return Object.fromEntries(entries.map(([name, value]) => [name, value.replace(/\/\/[^/@]*@/, "//***@")]));
}
