import type { Config, Setting } from "../../config/index.ts";
import { withoutUserInfo } from "../../lib/index.ts";
import type { CliContext } from "../context.ts";
import { withoutPlace } from "../output/connection-views.ts";
import { isData, printList, printValue, type Format } from "../output/data.ts";
import type { Column } from "../output/table.ts";
import { openConfig } from "../open-config.ts";

const ORIGINS: Record<Config["origin"], string> = {
  flag: "named by --config",
  environment: "named by BOWLINE_CONFIG",
  found: "found from here upwards",
  home: "in the config home",
  none: "there is none; these are the defaults",
};

const COLUMNS: Column<Setting>[] = [
  { header: "KEY", cell: ({ key }) => key },
  { header: "ORIGIN", cell: originOf },
  { header: "VALUE", cell: ({ value }) => (typeof value === "string" ? value : JSON.stringify(value)) },
];

function originOf({ origin, variable, place }: Setting): string {
  return variable ?? (place ? `line ${place.line}` : origin);
}

/** `bowline config view`: what is used here, defaults included; `-o wide` tells where each value comes from. No value of a secret is ever in a config. */
export async function run(
  { options }: { options: { output?: Format; config?: string } },
  context: CliContext,
): Promise<void> {
  const config = await openConfig(options, context);
  if (options.output === "name") return context.out(config.path === undefined ? "" : `${config.path}\n`);
  if (options.output === "wide") {
    const view = { format: options.output, columns: COLUMNS, name: ({ key }: Setting) => key, empty: "nothing" };
    return printList(config.settings, view, context);
  }
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
    credentials: catalog.credentials.map((entry) => withoutPasswords(withoutPlace(entry))),
    ...(Object.keys(init).length > 0 ? { init } : {}),
    policy,
    folders: home,
    network: withoutPasswords({ ...network }),
  };
}

/** A proxy's url may have a password in it. */
function withoutPasswords<T extends object>(values: T): T {
  const entries = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === "string" && /proxy$/i.test(name) ? withoutUserInfo(value) : (value as unknown),
  ]);
  return Object.fromEntries(entries) as T;
}
