import { randomUUID } from "node:crypto";
import type { Plan } from "../../compile/index.ts";
import type { Config } from "../../config/index.ts";
import { BowlineError } from "../../lib/index.ts";
import { initImage } from "../init-image.ts";
import { openInformer, type Informer } from "./api/informer.ts";
import type { Pod } from "./api/objects.ts";
import type { Cluster } from "./cluster.ts";
import { isOver } from "./derive/pods.ts";
import { waitingTrouble } from "./derive/waiting.ts";
import { pathOf, type Manifest } from "./manifests/manifest.ts";
import { labelsOf } from "./manifests/names.ts";
import { ownContainer } from "./manifests/own-container.ts";
import { OWN_USER } from "./manifests/security.ts";
import { createVolumes, type VolumeMount } from "./manifests/volumes.ts";

export interface OwnPod {
  config: Config;
  /** What it is for: a label, and a part of its name. */
  role: "pin" | "check" | "doctor";
  /** Words for our image; secrets to mount. */
  work: (volumes: ReturnType<typeof createVolumes>) => { words: string[]; mounts: VolumeMount[] };
  /** The run's own settings: where it may run, what it may pull with. */
  environment?: Plan["environment"];
  uuid?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** How long such a pod may take, in seconds; the cluster ends it. */
const DEADLINE = 120;

/** The name of its one container. */
export const OWN_CONTAINER = "git";

/** A short-lived pod of our image. Resolves when it has ended, however it did; it is removed then. Throws what keeps it from starting. */
export async function runOwnPod(cluster: Cluster, options: OwnPod): Promise<Pod> {
  const { api } = cluster;
  const manifest = podOf(cluster, options);
  const path = pathOf(manifest);
  await api.apply(path, manifest);
  try {
    return await podOver(cluster, { name: manifest.metadata.name, signal: options.signal });
  } finally {
    await api.remove(path, { gracePeriodSeconds: 0 }).catch(() => {});
  }
}

function podOf({ namespace }: Cluster, { config, role, work, environment = {}, ...options }: OwnPod): Manifest {
  const uuid = options.uuid ?? randomUUID();
  const volumes = createVolumes(NO_PLAN, { uuid });
  const container = ownContainer({
    ...work(volumes),
    name: OWN_CONTAINER,
    image: initImage(config),
    config,
    volumes,
    owner: { uid: OWN_USER, gid: OWN_USER },
    token: false,
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
  const labels = labelsOf({ name: role, kind: "job" }, { uuid, role });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `bowline-${role}-${randomUUID()}`, namespace, labels },
    spec,
  };
}

async function podOver(
  { api, namespace }: Cluster,
  { name, signal }: { name: string; signal: AbortSignal | undefined },
): Promise<Pod> {
  let informer: Informer<Pod> | undefined;
  try {
    return await new Promise<Pod>((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(stopped()), { once: true });
      informer = openInformer<Pod>(api, {
        path: `/api/v1/namespaces/${namespace}/pods`,
        query: { fieldSelector: `metadata.name=${name}` },
        onChange(pod, gone) {
          if (isOver(pod)) return resolve(pod);
          const trouble = waitingTrouble(pod, { plan: NO_PLAN, events: [], now: Date.now() });
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

/** A plan of one git step, as far as messages go. */
const NO_PLAN: Plan = {
  apiVersion: "bowline/v1",
  kind: "job",
  name: "own",
  params: {},
  connections: {},
  artifactsPath: "/plx-context/artifacts",
  init: [
    {
      kind: "git",
      name: OWN_CONTAINER,
      url: "",
      urlOverridden: false,
      path: "/plx-context/artifacts/none",
      options: { history: 1, tags: false, submodules: false, lfs: false, sparse: [] },
    },
  ],
  main: { name: "main", env: [], connections: [], rest: {} },
  sidecars: [],
  volumes: [],
  environment: {},
  termination: { maxRetries: 0 },
  ports: [],
  replicas: 1,
};

function stopped(): BowlineError {
  const message = "the pod was given up before it ended";
  return new BowlineError({ code: "RUN_STOPPED", message, hint: "the run was stopped, or somebody deleted the pod" });
}

function defined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
