const { KUBECONFIG, BOWLINE_CLUSTER_HOST } = process.env;

/** Why there is no Kubernetes for tests here, to be shown in the name of what is skipped; undefined when there is one. */
export const noCluster: string | undefined =
  KUBECONFIG && BOWLINE_CLUSTER_HOST
    ? undefined
    : 'no Kubernetes for tests (as root on Debian: eval "$(test/engines/up --cluster)")';

/** The kubeconfig of the cluster that has the images of `docker.ts`; every right is in it. */
export const kubeconfig: string = KUBECONFIG ?? "";

/** This machine's address for pods: a server that listens there is reached by them. */
export const clusterHost: string = BOWLINE_CLUSTER_HOST ?? "";
