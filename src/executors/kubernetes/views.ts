import type { Cluster } from "./cluster.ts";
import { openInformer, type Informer } from "./api/informer.ts";
import { statusOf } from "./api/kube-errors.ts";
import type { ConfigMap, Deployment, Job, KubeEvent, KubeObject, Pod } from "./api/objects.ts";
import type { RunView } from "./derive/view.ts";
import { MANAGED_BY, recordName, ROLE_LABEL, UUID_LABEL } from "./manifests/names.ts";

/** Which objects are a run's. */
export interface RunKey {
  uuid: string;
  /** Name of its Job or Deployment. */
  object: string;
}

/** What the cluster holds of runs, kept true by one watch a kind for all of them. */
export interface Views {
  of: (key: RunKey) => RunView;
  /** The run's record as it is now: its end may have been asked for, or written down, by somebody else. */
  record: (uuid: string) => ConfigMap | undefined;
  /** Calls back after each change of an object of the run, until it is given back. */
  subscribe: (key: RunKey, onChange: () => void) => () => void;
  close: () => void;
}

const RECORDS = `${MANAGED_BY},${ROLE_LABEL}=record`;
const RUNS = `${MANAGED_BY},${ROLE_LABEL}=run`;

function paths(namespace: string) {
  return {
    pods: `/api/v1/namespaces/${namespace}/pods`,
    jobs: `/apis/batch/v1/namespaces/${namespace}/jobs`,
    deployments: `/apis/apps/v1/namespaces/${namespace}/deployments`,
    events: `/api/v1/namespaces/${namespace}/events`,
    records: `/api/v1/namespaces/${namespace}/configmaps`,
  };
}

/** Opens the watches and waits until each has listed once. Events that may not be read are done without: `onBlind` is told. */
export async function openViews(
  { api, namespace }: Cluster,
  { onBlind = () => {} }: { onBlind?: () => void } = {},
): Promise<Views> {
  const at = paths(namespace);
  const listeners = new Map<string, Set<() => void>>();
  const tell = (key: string | undefined): void => listeners.get(key ?? "")?.forEach((listener) => listener());
  const query = { labelSelector: RUNS };
  const onChange = ({ metadata }: KubeObject): void => tell(metadata.labels?.[UUID_LABEL]);
  /** Pods of jobs that were removed while somebody looks on: their last state is what is known of that attempt. */
  const ghosts = new Map<string, Pod>();
  const pods = openInformer<Pod>(api, {
    path: at.pods,
    query,
    onChange(pod, gone) {
      const { labels = {}, uid } = pod.metadata;
      const followed = (listeners.get(labels[UUID_LABEL] ?? "")?.size ?? 0) > 0;
      if (gone && followed && labels["app.kubernetes.io/component"] === "job") ghosts.set(uid, { ...pod, gone });
      onChange(pod);
    },
  });
  const jobs = openInformer<Job>(api, { path: at.jobs, query, onChange });
  const deployments = openInformer<Deployment>(api, { path: at.deployments, query, onChange });
  const records = openInformer<ConfigMap>(api, { path: at.records, query: { labelSelector: RECORDS }, onChange });
  const events = openInformer<KubeEvent>(api, {
    path: at.events,
    onChange: ({ involvedObject: { name = "" } }) => {
      tell(pods.objects.get(name)?.metadata.labels?.[UUID_LABEL]);
      tell(uuidIn(name));
    },
  });
  const all: Informer<KubeObject>[] = [pods, jobs, deployments, records, events];
  const close = (): void => all.forEach((informer) => informer.close());
  try {
    const seen = events.synced.catch((error: unknown) => {
      if (statusOf(error)?.code !== 403) throw error;
      onBlind();
    });
    await Promise.all([pods.synced, jobs.synced, deployments.synced, records.synced, seen]);
  } catch (error) {
    close();
    throw error;
  }
  return {
    of: ({ uuid, object }) =>
      viewOf(
        { uuid, object },
        {
          pods: [...pods.objects.values(), ...ghosts.values()],
          job: jobs.objects.get(object),
          deployment: deployments.objects.get(object),
          events: [...events.objects.values()],
        },
      ),
    record: (uuid) => records.objects.get(recordName(uuid)),
    subscribe({ uuid }, listener) {
      const own = listeners.get(uuid) ?? new Set();
      listeners.set(uuid, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size > 0) return;
        listeners.delete(uuid);
        for (const [uid, { metadata }] of ghosts) if (metadata.labels?.[UUID_LABEL] === uuid) ghosts.delete(uid);
      };
    },
    close,
  };
}

/** The same by one list a kind, for whoever only looks. Events are asked for only where they may tell more. */
export async function listViews(
  { api, namespace }: Cluster,
  keys: readonly RunKey[],
): Promise<(key: RunKey) => RunView> {
  const at = paths(namespace);
  const [first] = keys;
  if (first === undefined) return () => ({ pods: [], events: [] });
  const labelSelector = keys.length === 1 ? `${RUNS},${UUID_LABEL}=${first.uuid}` : RUNS;
  const list = async <T>(path: string, query = {}): Promise<T[]> => (await api.get<{ items: T[] }>(path, query)).items;
  const [pods, jobs, deployments] = await Promise.all([
    list<Pod>(at.pods, { labelSelector }),
    list<Job>(at.jobs, { labelSelector }),
    list<Deployment>(at.deployments, { labelSelector }),
  ]);
  const quiet = pods.length > 0 && pods.every(({ status }) => status?.phase !== "Pending");
  const events = quiet && keys.length === 1 ? [] : await list<KubeEvent>(at.events).catch(() => []);
  const byName = <T extends KubeObject>(objects: readonly T[], name: string): T | undefined =>
    objects.find(({ metadata }) => metadata.name === name);
  return (key) =>
    viewOf(key, { pods, job: byName(jobs, key.object), deployment: byName(deployments, key.object), events });
}

function viewOf({ uuid, object }: RunKey, all: RunView): RunView {
  const pods = all.pods.filter(({ metadata }) => metadata.labels?.[UUID_LABEL] === uuid);
  const names = new Set([object, ...pods.map(({ metadata }) => metadata.name)]);
  // Events outlive pods, whose names begin with the Job's.
  const events = all.events.filter(
    ({ involvedObject: { name = "" } }) => names.has(name) || name.startsWith(`${object}-`),
  );
  return { ...all, pods, events };
}

/** Names of Jobs and Deployments end with their run's uuid. */
function uuidIn(name: string): string | undefined {
  return /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.exec(name)?.[0];
}
