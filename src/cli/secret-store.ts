import type { Config } from "../config/index.ts";
import { openSecretStore, type SecretStore } from "../secrets/index.ts";
import type { CliContext } from "./context.ts";
import { withExecutor, type ExecutorOptions } from "./executor-options.ts";
import { openConfig } from "./open-config.ts";

export interface StoreOptions extends Omit<ExecutorOptions, "executor"> {
  store?: "local" | "kubernetes";
  config?: string;
}

/** The store of secrets that a command acts on: the executor's, unless `--store` (or a cluster) was named. */
export async function withSecretStore<T>(
  options: StoreOptions,
  context: CliContext,
  use: (store: SecretStore, config: Config) => Promise<T>,
): Promise<T> {
  const { store, context: name, namespace } = options;
  const named = { ...(name === undefined ? {} : { context: name }), ...(namespace === undefined ? {} : { namespace }) };
  const config = withExecutor(await openConfig(options, context), {
    ...named,
    ...(store === "kubernetes" ? { executor: store } : {}),
  });
  if (store === "local" || config.executor.kind !== "kubernetes") return use(openSecretStore(config.home), config);
  const { loadKubernetes } = await import("../executors/index.ts");
  const kubernetes = await loadKubernetes();
  const cluster = await kubernetes.openCluster({ choice: config.executor, env: context.env });
  try {
    return await use(kubernetes.clusterSecretStore(cluster.api, cluster.namespace), config);
  } finally {
    cluster.api.close();
  }
}
