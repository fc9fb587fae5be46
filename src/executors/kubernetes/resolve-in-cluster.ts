import { randomUUID } from "node:crypto";
import type { Plan } from "../../compile/index.ts";
import type { Config } from "../../config/index.ts";
import type { ConnectionReport, GitRequest, Resolution } from "../../git/index.ts";
import { BowlineError } from "../../lib/index.ts";
import { initImage } from "../init-image.ts";
import type { Cluster } from "./cluster.ts";
import { openInformer } from "./api/informer.ts";
import type { Pod } from "./api/objects.ts";
import { podEnd } from "./derive/ended.ts";
import { waitingTrouble } from "./derive/waiting.ts";
import { isOver } from "./derive/pods.ts";
import { pathOf, type Manifest } from "./manifests/manifest.ts";
import { labelsOf } from "./manifests/names.ts";
import { initializerWords, ownContainer } from "./manifests/own-container.ts";
import { OWN_USER } from "./manifests/security.ts";
import { stepCredentials } from "./manifests/step-credentials.ts";
import { createVolumes } from "./manifests/volumes.ts";

/** What a pod in the cluster found out about a repository. */
export interface ClusterReport extends ConnectionReport {
  /** By name, the keys of the Secrets it was given. */
  keys: Record<string, string[]>;
}

export interface ClusterRequest {
  request: Pick<GitRequest, "url" | "connection" | "revision" | "options" | "signal">;
  connections: Plan["connections"];
  config: Config;
  /** The pod's own settings: where it may run, what it may pull with. */
  environment?: Plan["environment"];
  role: "pin" | "check";
  uuid?: string;
}

/** How long such a pod may take, in seconds; the cluster ends it. */
const DEADLINE = 120;

/**
 * Asks the server from a short-lived pod, whose network and Secrets are the job's; the pod is removed again. Throws the engine's own
 * error, or what keeps the pod from starting.
 */
export async function resolveInCluster(cluster: Cluster, options: ClusterRequest): Promise<ClusterReport> {
  const { api } = cluster;
  const { manifest, plan } = podOf(cluster, options);
  const path = pathOf(manifest);
  await api.apply(path, manifest);
  try {
    const pod = await podOver(cluster, { name: manifest.metadata.name, plan, signal: options.request.signal });
    const [status] = pod.status?.containerStatuses ?? [];
    const { exitCode = 1, message = "" } = status?.state?.terminated ?? {};
    if (exitCode === 0) return JSON.parse(message) as ClusterReport;
    const init = { ...pod, status: { ...pod.status, initContainerStatuses: pod.status?.containerStatuses ?? [] } };
    const { errors, message: what } = podEnd(init, plan);
    throw new BowlineError(
      errors.length > 0
        ? errors
        : { code: "RUN_FAILED", message: what, hint: "the revision could not be pinned in the cluster; try again" },
    );
  } finally {
    await api.remove(path, { gracePeriodSeconds: 0 }).catch(() => {});
  }
}

/** As the engine's own answer. */
export function resolutionOf(report: ClusterReport): Resolution {
  const { commit, ref, redirectedTo, protocol, took, warnings } = report;
  return {
    commit,
    ...(ref === undefined ? {} : { ref }),
    ...(redirectedTo === undefined ? {} : { redirectedTo }),
    session: { protocol, url: redirectedTo ?? report.url, capabilities: new Set(), close: () => {} },
    took,
    warnings: warnings ?? [],
  };
}

function podOf({ namespace }: Cluster, options: ClusterRequest): { manifest: Manifest; plan: Plan } {
  const { request, connections, config, environment = {}, role } = options;
  const uuid = options.uuid ?? randomUUID();
  const step = { kind: "git" as const, name: "git", urlOverridden: false, path: "/tmp/none", ...request };
  const plan = emptyPlan({ connections, environment, step });
  const volumes = createVolumes(plan, { uuid });
  const { credentials, mounts } = stepCredentials(step, { plan, config, volumes });
  const settings = { policy: config.policy, options: step.options, credentials };
  const container = ownContainer({
    name: step.name,
    image: initImage(config),
    config,
    volumes,
    owner: { uid: OWN_USER, gid: OWN_USER },
    token: false,
    words: initializerWords(step, settings, "--resolve-only"),
    mounts,
  });
  const { hostAliases, imagePullSecrets, nodeSelector, tolerations, affinity, priorityClassName } = environment;
  const pullSecrets = (imagePullSecrets as (string | object)[] | undefined)?.map((each) =>
    typeof each === "string" ? { name: each } : each,
  );
  const aliases = [...((hostAliases ?? []) as object[]), ...(config.init.hostAliases ?? [])];
  const spec = {
    ...defined({ nodeSelector, tolerations, affinity, priorityClassName, imagePullSecrets: pullSecrets }),
    ...(aliases.length === 0 ? {} : { hostAliases: aliases }),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: "Never",
    activeDeadlineSeconds: DEADLINE,
    terminationGracePeriodSeconds: 1,
    containers: [container],
    volumes: volumes.list(),
  };
  const name = `bowline-${role}-${randomUUID()}`;
  const labels = labelsOf({ name: role, kind: "job" }, { uuid, role });
  return { manifest: { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, labels }, spec }, plan };
}

function emptyPlan({
  connections,
  environment,
  step,
}: {
  connections: Plan["connections"];
  environment: Plan["environment"];
  step: Plan["init"][number];
}): Plan {
  return {
    apiVersion: "bowline/v1",
    kind: "job",
    name: "pin",
    params: {},
    connections,
    artifactsPath: "/plx-context/artifacts",
    init: [step],
    main: { name: "main", env: [], connections: [], rest: {} },
    sidecars: [],
    volumes: [],
    environment,
    termination: { maxRetries: 0 },
    ports: [],
    replicas: 1,
  };
}

/** The pod once it is over. Throws what keeps it from starting, and when the caller does not want to wait any more. */
async function podOver(
  { api, namespace }: Cluster,
  { name, plan, signal }: { name: string; plan: Plan; signal: AbortSignal | undefined },
): Promise<Pod> {
  let informer: ReturnType<typeof openInformer<Pod>> | undefined;
  const stopped = (): BowlineError =>
    new BowlineError({
      code: "RUN_STOPPED",
      message: "the run was stopped",
      hint: "while its revision was pinned in the cluster",
    });
  try {
    return await new Promise<Pod>((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(stopped()), { once: true });
      informer = openInformer<Pod>(api, {
        path: `/api/v1/namespaces/${namespace}/pods`,
        query: { fieldSelector: `metadata.name=${name}` },
        onChange(pod, gone) {
          if (isOver(pod)) return resolve(pod);
          const trouble = waitingTrouble(pod, plan, []);
          if (trouble?.final) reject(new BowlineError(trouble.problem));
          if (gone) reject(stopped());
        },
      });
      informer.synced.catch(reject);
    });
  } finally {
    informer?.close();
  }
}

function defined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
