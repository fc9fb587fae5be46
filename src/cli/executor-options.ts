import type { Config, ExecutorChoice } from "../config/index.ts";
import type { OptionRecord } from "./command.ts";

/** Options that say whose runs, or which store, is meant. */
export interface ExecutorOptions {
  executor?: ExecutorChoice["kind"];
  context?: string;
  namespace?: string;
  registry?: string;
}

/** Which cluster, for commands that may be about one. */
export const CLUSTER = {
  context: { value: "NAME", help: "kubernetes: the kubeconfig's context (else the config's, else the current one)" },
  namespace: {
    short: "n",
    value: "NAMESPACE",
    help: "kubernetes: the namespace (else the config's, else the context's)",
  },
} as const satisfies Record<string, OptionRecord>;

/** Where the secrets are. */
export const STORE = {
  store: {
    value: "STORE",
    choices: ["local", "kubernetes"],
    help: "the store: this machine's, or the Secrets of the cluster (default: the executor's)",
  },
  ...CLUSTER,
} as const;

export const REGISTRY = {
  value: "REGISTRY",
  help: "take every image that Bowline names from there (else the config's registry)",
} as const satisfies OptionRecord;

/** As `CLUSTER`, with the executor, for commands whose runs are wherever it keeps them. */
export const EXECUTOR = {
  executor: {
    value: "KIND",
    choices: ["process", "docker", "kubernetes"],
    help: "whose runs: kubernetes keeps them in the cluster, the others on this machine",
    completes: "executor",
  },
  ...CLUSTER,
} as const satisfies Record<string, OptionRecord>;

/** The config with the command line's executor, cluster and registry. A context or namespace alone means the cluster. */
export function withExecutor(config: Config, options: ExecutorOptions): Config {
  const { context, namespace, registry } = options;
  const named = context !== undefined || namespace !== undefined;
  const kind = options.executor ?? (named ? "kubernetes" : config.executor.kind);
  const executor = {
    ...config.executor,
    kind,
    ...(context === undefined ? {} : { context }),
    ...(namespace === undefined ? {} : { namespace }),
  };
  return { ...config, executor, ...(registry === undefined ? {} : { registry }) };
}
