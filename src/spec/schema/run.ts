import * as z from "zod";
import { notSupported } from "../not-supported.ts";
import { container } from "./container.ts";
import { initEntry } from "./init.ts";
import { carriedList, carriedMap, count, flag, text, textList } from "./parts.ts";

/** What Polyaxon runs besides jobs and services. */
export const OTHER_RUN_KINDS: readonly string[] = [
  "dag",
  "tfjob",
  "pytorchjob",
  "mpijob",
  "mxjob",
  "xgbjob",
  "paddlejob",
  "dask",
  "daskjob",
  "daskcluster",
  "ray",
  "rayjob",
  "raycluster",
  "spark",
  "flink",
  "tuner",
  "notifier",
  "cleaner",
  "watchdog",
];

const environment = z.lazy(() =>
  z
    .strictObject({
      labels: carriedMap("Labels of the pod.").optional(),
      annotations: carriedMap("Annotations of the pod.").optional(),
      nodeSelector: carriedMap("Labels a node must have.").optional(),
      affinity: carriedMap("Kubernetes' affinity.").optional(),
      tolerations: carriedList("Taints that are tolerated.").optional(),
      nodeName: text("The node to run on.").optional(),
      serviceAccountName: text("Service account of the pod.").optional(),
      hostAliases: carriedList("Entries for /etc/hosts.").optional(),
      securityContext: carriedMap("Security settings of the pod: runAsUser, fsGroup.").optional(),
      imagePullSecrets: z
        .array(z.union([z.string(), z.record(z.string(), z.unknown())]))
        .meta({ description: "Secrets for pulling images." })
        .optional(),
      hostNetwork: flag("Use the node's network.").optional(),
      hostPID: flag("See the node's processes.").optional(),
      hostIPC: flag("Use the node's IPC.").optional(),
      dnsPolicy: text("DNS policy of the pod.").optional(),
      dnsConfig: carriedMap("DNS settings of the pod.").optional(),
      schedulerName: text("Scheduler of the pod.").optional(),
      priorityClassName: text("Priority class of the pod.").optional(),
      priority: z.int().meta({ description: "Priority of the pod." }).optional(),
      restartPolicy: z
        .enum(["Always", "OnFailure", "Never", "ExitCode"])
        .meta({ description: "Restart policy of the pod." })
        .optional(),
      runtimeClassName: text("Runtime class of the pod.").optional(),
    })
    .meta({ id: "environment", description: "Settings of the pod; used by the kubernetes executor." }),
);

/** `run:` of a component. */
export const run = z.lazy(runFields);

/** `runPatch:`: any part of a run. */
export const runPatch = z.lazy(() =>
  runFields()
    .partial()
    .meta({ id: "runPatch", description: "Part of a `run:`, merged into the component's by `patchStrategy`." }),
);

function runFields() {
  return z
    .strictObject({
      kind: z
        .enum(["job", "service"])
        .meta({ description: "`job` ends by itself; `service` runs until it is stopped." }),
      init: z.array(initEntry).meta({ description: "Steps before the main container, in order." }).optional(),
      connections: textList(
        "Connections that the main container itself uses: their secrets as environment, and git set up for them.",
      ).optional(),
      container: container
        .meta({ description: "The main container. Left empty, `bowline run -f FILE -- COMMAND…` fills it." })
        .optional(),
      sidecars: z.array(container).meta({ description: "Containers that run beside the main one." }).optional(),
      volumes: carriedList("Kubernetes volumes, for `volumeMounts`.").optional(),
      environment: environment.optional(),
      ports: z.array(z.int().min(1).max(65_535)).meta({ description: "Ports of a service." }).optional(),
      replicas: count("How many copies of a service run.", 1).optional(),
      rewritePath: flag("Only for Polyaxon's gateway; not used here.").optional(),
      isExternal: flag("Only for Polyaxon's gateway; not used here.").optional(),
      operations: notSupported("graphs of operations", "run each operation by itself"),
      components: notSupported("graphs of operations", "run each component by itself"),
      concurrency: notSupported("graphs of operations", "run each operation by itself"),
    })
    .meta({ id: "run", description: "What is run." });
}
