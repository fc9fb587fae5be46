import { randomUUID } from "node:crypto";
import type { Plan } from "../../compile/index.ts";
import type { Config } from "../../config/index.ts";
import { BowlineError, type ProblemInput } from "../../lib/index.ts";
import { initImage } from "../init-image.ts";
import { openInformer } from "./api/informer.ts";
import type { KubeEvent, Pod } from "./api/objects.ts";
import type { Cluster } from "./cluster.ts";
import { isOver } from "./derive/pods.ts";
import { waitingTrouble } from "./derive/waiting.ts";
import { pathOf, type Manifest } from "./manifests/manifest.ts";
import { ownedBy } from "./manifests/manifests.ts";
import { labelsOf, recordName } from "./manifests/names.ts";
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
  /** Uid of the run's record, which then owns the pod: what a killed client leaves goes with the run. */
  recordUid?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Told what it waits for, in words. */
  onWait?: (what: string) => void;
}

/** How long such a pod may take, in seconds; the cluster ends it, and we what no node takes. */
const DEADLINE = 120;

/** How often a pod is looked at when nothing is told of it, in milliseconds: some things only time makes true. */
const INTERVAL = 2_000;

/** The name of its one container. */
export const OWN_CONTAINER = "git";

/** A short-lived pod of our image. Resolves when it has ended, however it did; it is removed then. Throws what keeps it from starting. */
export async function runOwnPod(cluster: Cluster, options: OwnPod): Promise<Pod> {
  const { api } = cluster;
  const manifest = podOf(cluster, options);
  const path = pathOf(manifest);
  await api.apply(path, manifest);
  try {
    return await podOver(cluster, { ...options, name: manifest.metadata.name });
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
  const metadata = { name: `bowline-${role}-${randomUUID()}`, namespace, labels };
  const manifest = { apiVersion: "v1", kind: "Pod", metadata, spec };
  const { recordUid } = options;
  return recordUid === undefined ? manifest : ownedBy([manifest], { name: recordName(uuid), uid: recordUid })[0]!;
}

async function podOver(
  { api, namespace }: Cluster,
  { name, signal, onWait = () => {} }: Pick<OwnPod, "signal" | "onWait"> & { name: string },
): Promise<Pod> {
  const base = `/api/v1/namespaces/${namespace}`;
  const began = performance.now();
  let close = (): void => {};
  try {
    return await new Promise<Pod>((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(stopped()), { once: true });
      let told = "";
      const look = (): void => {
        const pod = pods.objects.get(name);
        if (pod === undefined) return;
        if (isOver(pod)) return resolve(pod);
        const trouble = waitingTrouble(pod, {
          plan: NO_PLAN,
          events: [...events.objects.values()],
          now: Date.now(),
        });
        const late = performance.now() - began > DEADLINE * 1000 && pod.status?.startTime === undefined;
        if (trouble?.final || late) reject(new BowlineError(trouble?.problem ?? notTaken(name)));
        else if (trouble !== undefined && trouble.message !== told) onWait((told = trouble.message));
      };
      const pods = openInformer<Pod>(api, {
        path: `${base}/pods`,
        query: { fieldSelector: `metadata.name=${name}` },
        onChange: (pod, gone) => (gone ? (isOver(pod) ? resolve(pod) : reject(stopped())) : look()),
      });
      const events = openInformer<KubeEvent>(api, {
        path: `${base}/events`,
        query: { fieldSelector: `involvedObject.name=${name}` },
        onChange: look,
      });
      const clock = setInterval(look, INTERVAL);
      close = () => {
        clearInterval(clock);
        pods.close();
        events.close();
      };
      pods.synced.catch(reject);
      // Who may not see events hears less of why it waits.
      events.synced.catch(() => {});
    });
  } finally {
    close();
  }
}

function notTaken(name: string): ProblemInput {
  const message = `no node took the pod "${name}" within ${DEADLINE} s`;
  return { code: "RUN_UNSCHEDULABLE", message, hint: "see the nodes: kubectl get nodes" };
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
