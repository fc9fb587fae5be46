import type { GitEngine } from "../executors/index.ts";
import { materialize, resolve } from "../git/index.ts";
import { createCredentialFinder, openSecretStore } from "../secrets/index.ts";
import type { RunsOptions } from "./runs.ts";
import type { SecretSource } from "./secret-access.ts";

/** What runs are built on. */
export interface RunParts {
  engine: GitEngine;
  secrets: SecretSource;
}

export function defaultParts({ config, env }: RunsOptions): RunParts {
  const store = openSecretStore(config.home);
  return {
    engine: { resolve, materialize },
    secrets: {
      read: (kind, name) => store.get(name, kind),
      findCredentialFor: (name) =>
        createCredentialFinder({
          config,
          store,
          env,
          connection: name === undefined ? undefined : config.catalog.connections.get(name),
        }),
    },
  };
}
