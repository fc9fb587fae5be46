import type { GitEngine } from "../executors/index.ts";
import { openSecretStore } from "../secrets/index.ts";
import type { RunsOptions } from "./runs.ts";
import type { SecretSource } from "./secret-access.ts";

/** What runs are built on. */
export interface RunParts {
  engine: GitEngine;
  secrets: SecretSource;
}

export function defaultParts({ config }: RunsOptions): RunParts {
  const store = openSecretStore(config.home);
  return {
    engine: {
      resolve: () => Promise.reject(new Error("no engine")),
      materialize: () => Promise.reject(new Error("no engine")),
    },
    secrets: {
      read: (kind, name) => store.get(name, kind),
      findCredentialFor: () => async () => undefined,
    },
  };
}
