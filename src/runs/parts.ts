import type { GitEngine } from "../executors/index.ts";
import { openSecretStore, readSecretOrConfigMap } from "../secrets/index.ts";
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
    // Loaded when a run is started: listing runs needs no engine.
    engine: {
      resolve: async (request) => (await import("../git/index.ts")).resolve(request),
      materialize: async (request) => (await import("../git/index.ts")).materialize(request),
    },
    secrets: {
      // Not the store itself: an untrusted config may name a secret, and then gets none.
      read: (kind, name) => readSecretOrConfigMap({ config, store, kind, reference: { name } }),
      findCredentialFor: (name) => async (url) => {
        const { createCredentialFinder } = await import("../secrets/index.ts");
        const connection = name === undefined ? undefined : config.catalog.connections.get(name);
        return createCredentialFinder({ config, store, env, connection })(url);
      },
    },
  };
}
