import { clusterHost, IMAGE, BUSYBOX, kubeconfig, noCluster, testNamespace } from "../../support/index.ts";
import type { Harness } from "./harness.ts";

/** The cluster of the tests, in a namespace of this suite. */
export function onKubernetes(suite: string): Harness {
  const namespace = testNamespace(suite);
  return {
    executor: "kubernetes",
    absent: noCluster,
    open: namespace.open,
    close: namespace.close,
    host: clusterHost,
    config: `{kind: kubernetes, namespace: ${namespace.name}}`,
    moreConfig: `init: {image: "${IMAGE}"}\n`,
    env: { KUBECONFIG: kubeconfig },
    images: { shell: BUSYBOX, git: IMAGE },
    reaching: "{}",
    async setSecret(desk, name, data) {
      for (const [key, input] of Object.entries(data)) {
        const { exitCode, stderr } = await desk.bowline(["secrets", "set", name, key], { input });
        if (exitCode !== 0) throw new Error(`secrets set ${name} ${key}: ${stderr}`);
      }
    },
    leftOf: (uuid) => namespace.running(uuid),
    otherwise: {
      "one stream": "a cluster keeps what a container writes to stdout and stderr as one log",
      "service without end":
        "a Deployment starts what ends again, whatever happens; that it does so is the run's reason",
      "new folder": "each attempt of a Job is a pod of its own, with volumes of its own",
      "kept record":
        "the record outlives what the cluster's ttl removes, so that everybody still sees how the run ended",
    },
  };
}
