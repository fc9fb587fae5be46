import { loadKubernetes, type Cluster, type Kubernetes, type Records, type Views } from "../../executors/index.ts";
import { untrustedProblem } from "../../config/index.ts";
import type { Plan } from "../../compile/index.ts";
import { BowlineError, type Problem } from "../../lib/index.ts";
import { createCredentialFinder, readSecretOrConfigMap, type SecretStore } from "../../secrets/index.ts";
import type { SecretSource } from "../secret-access.ts";
import type { RunsOptions } from "../runs.ts";
import type { ClusterEnd, ClusterRun } from "./record.ts";
import { secretNamesIn } from "./secret-names.ts";

/** A cluster that runs are made in, opened when it is first needed; one watch a kind serves all its runs. */
export interface ClusterSession {
  kubernetes: Kubernetes;
  cluster: Cluster;
  records: Records<ClusterRun, ClusterEnd>;
  secrets: SecretStore;
  source: SecretSource;
  /** The watches, while somebody holds them. */
  views: () => Promise<{ views: Views; release: () => void }>;
  /** Told of trouble with the API server, each kind once. */
  onWarning: (listener: (warning: Problem) => void) => () => void;
  close: () => void;
}

export async function openSession({ config, env }: RunsOptions): Promise<ClusterSession> {
  const kubernetes = await loadKubernetes();
  const listeners = new Set<(warning: Problem) => void>();
  const warn = (warning: Problem): void => listeners.forEach((listener) => listener(warning));
  const cluster = await kubernetes.openCluster({
    choice: config.executor,
    env,
    onTrouble: (error) => warn(unanswered(error)),
  });
  const secrets = kubernetes.clusterSecretStore(cluster.api, cluster.namespace);
  let opened: { views: Promise<Views>; holders: number } | undefined;
  return {
    kubernetes,
    cluster,
    records: kubernetes.openRecords<ClusterRun, ClusterEnd>(cluster),
    secrets,
    source: {
      read: (kind, name) => readSecretOrConfigMap({ config, store: secrets, kind, reference: { name } }),
      findCredentialFor: (name) => {
        const connection = name === undefined ? undefined : config.catalog.connections.get(name);
        return createCredentialFinder({ config, store: secrets, env, connection });
      },
    },
    async views() {
      const held = (opened ??= { views: kubernetes.openViews(cluster, { onBlind: () => warn(blind()) }), holders: 0 });
      held.holders += 1;
      let done = false;
      const release = (): void => {
        if (done) return;
        done = true;
        held.holders -= 1;
        if (held.holders > 0) return;
        if (opened === held) opened = undefined;
        void held.views.then((views) => views.close()).catch(() => {});
      };
      try {
        return { views: await held.views, release };
      } catch (error) {
        release();
        throw error;
      }
    },
    onWarning(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      void opened?.views.then((views) => views.close()).catch(() => {});
      cluster.api.close();
    },
  };
}

/** A config that nobody trusted may not lend Secrets of the cluster to a run. */
export function checkTrust(plan: Plan, config: RunsOptions["config"]): void {
  if (config.trusted) return;
  for (const { name, secret, configMap, place } of Object.values(plan.connections)) {
    const reference = secret ?? configMap;
    if (reference === undefined) continue;
    const what = `use the ${secret === undefined ? "config map" : "secret"} "${reference.name}" of the cluster`;
    throw new BowlineError({ ...untrustedProblem(config, what, place), connection: name });
  }
  const [named] = secretNamesIn([plan, config.init.env]);
  if (named === undefined) return;
  throw new BowlineError(untrustedProblem(config, `use the secret "${named}" of the cluster`, plan.main.place));
}

/** The same without the credentials that an untrusted config may not lend. */
export function lending(config: RunsOptions["config"]): RunsOptions["config"] {
  return config.trusted ? config : { ...config, catalog: { ...config.catalog, credentials: [] } };
}

function unanswered(error: BowlineError): Problem {
  const [{ message }] = error.problems;
  return {
    code: "CLUSTER_UNANSWERED",
    message,
    hint: "the run goes on in the cluster; it is asked again until it answers",
  };
}

function blind(): Problem {
  return {
    code: "EVENTS_NOT_READ",
    message: "the events of the namespace may not be read: why a pod is not made or not scheduled is not seen here",
    hint: "have the right to list and watch events: bowline doctor --executor kubernetes",
  };
}
