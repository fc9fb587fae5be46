import type { ExecutorChoice } from "../../config/index.ts";
import { loadAccess } from "./api/kubeconfig.ts";
import { openKubeApi, type KubeApi, type Trouble } from "./api/kube-api.ts";

/** One namespace of a cluster, which runs are made in. */
export interface Cluster {
  api: KubeApi;
  namespace: string;
}

export interface ClusterOptions {
  choice: ExecutorChoice;
  env: Readonly<Record<string, string | undefined>>;
  /** The server does not answer for now, and is asked again. */
  onTrouble?: Trouble;
}

/** The namespace that the choice names, else the kubeconfig's context. Nothing is asked of the server yet. */
export async function openCluster({ choice, env, onTrouble }: ClusterOptions): Promise<Cluster> {
  const { context, namespace } = choice;
  const access = await loadAccess({ context, namespace, env });
  return { api: openKubeApi(access, onTrouble === undefined ? {} : { onTrouble }), namespace: access.namespace };
}
