import type { Config } from "../config/index.ts";
import type { Connection } from "../connections/index.ts";
import { BowlineError, didYouMean, shownUrl } from "../lib/index.ts";

/** The connection of this name. CONNECTION_NOT_FOUND, with near names. */
export function findConnection(config: Config, name: string): Connection {
  const { connections } = config.catalog;
  const found = connections.get(name);
  if (found !== undefined) return found;
  const near = didYouMean(name, connections.keys());
  throw new BowlineError({
    code: "CONNECTION_NOT_FOUND",
    message: `no connection "${shownUrl(name)}" is in ${config.path ?? "the catalog: there is no config"}`,
    hint: near ?? "list them with: bowline connections ls",
  });
}
