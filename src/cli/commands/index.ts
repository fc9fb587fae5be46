import type { CommandList, CommandRecord } from "../command.ts";
import * as about from "./about.ts";
import * as cache from "./cache.ts";
import * as config from "./config.ts";
import * as connections from "./connections.ts";
import * as hidden from "./hidden.ts";
import * as initializer from "./initializer.ts";
import * as run from "./run.ts";
import * as runs from "./runs.ts";
import * as secrets from "./secrets.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandRecord[] = [
  run.run,
  run.check,
  run.compose,
  runs.ps,
  runs.get,
  runs.logs,
  runs.stop,
  runs.restart,
  runs.remove,
  connections.list,
  connections.get,
  connections.check,
  connections.trust,
  secrets.set,
  secrets.list,
  secrets.remove,
  secrets.apply,
  about.demo,
  about.doctor,
  config.init,
  config.view,
  config.trust,
  cache.list,
  cache.prune,
  cache.verify,
  about.schema,
  about.completion,
  about.version,
  initializer.git,
  hidden.supervise,
  hidden.complete,
  hidden.reference,
];

/** First words that have commands below them. */
export const GROUPS: CommandList["groups"] = {
  connections: { summary: "See and check the connections of the catalog", section: "Connections and secrets" },
  secrets: { summary: "Keep secrets on this machine", section: "Connections and secrets" },
  config: { summary: "See the config, and trust one that was found", section: "Setting up" },
  cache: { summary: "See and clear what is cached", section: "Setting up" },
  initializer: { summary: "The engine alone, for init containers", section: "Inside a container" },
};
