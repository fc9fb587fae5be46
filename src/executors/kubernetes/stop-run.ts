import type { Cluster } from "./cluster.ts";
import { statusOf } from "./api/kube-errors.ts";
import type { Pod } from "./api/objects.ts";
import { isOver } from "./derive/pods.ts";
import { UUID_LABEL } from "./manifests/names.ts";
import type { RunKey } from "./views.ts";

export interface StopRequest extends RunKey {
  kind: "job" | "service";
  /** No grace. */
  kill: boolean;
}

/**
 * Ends what runs of a run. A job's pods are given a deadline that is over: the kubelet ends their containers with TERM, the grace period and
 * KILL, and keeps the pods with exit codes and logs, which a deletion would not. A service's objects are removed.
 */
export async function stopRun({ api, namespace }: Cluster, { uuid, object, kind, kill }: StopRequest): Promise<void> {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  if (kind === "service") {
    const query = { propagationPolicy: "Background" };
    await api.remove(`/api/v1/namespaces/${namespace}/services/${object}`, query);
    await api.remove(`/apis/apps/v1/namespaces/${namespace}/deployments/${object}`, query);
  } else {
    // A pod that ends is not to be followed by another attempt.
    await passOver(
      404,
      api.merge(`/apis/batch/v1/namespaces/${namespace}/jobs/${object}`, { spec: { backoffLimit: 0 } }),
    );
  }
  const { items } = await api.get<{ items: Pod[] }>(pods, { labelSelector: `${UUID_LABEL}=${uuid}` });
  await Promise.all(
    items.map(async (pod) => {
      if (isOver(pod)) return;
      const path = `${pods}/${pod.metadata.name}`;
      const never = pod.status?.startTime === undefined;
      // With a second, and not without any: the kubelet then tells how its containers ended before the pod is gone.
      if (kill || never) await api.remove(path, { gracePeriodSeconds: never ? 0 : 1 });
      else if (kind === "job") await passOver(404, api.merge(path, { spec: { activeDeadlineSeconds: 1 } }));
    }),
  );
}

/** Removes what could still start of a run that was judged to have failed; its record stays. */
export async function removeWorkload(
  { api, namespace }: Cluster,
  { uuid, object, kind }: RunKey & { kind: "job" | "service" },
): Promise<void> {
  const query = { propagationPolicy: "Background" };
  if (kind === "job") await api.remove(`/apis/batch/v1/namespaces/${namespace}/jobs/${object}`, query);
  else {
    await api.remove(`/api/v1/namespaces/${namespace}/services/${object}`, query);
    await api.remove(`/apis/apps/v1/namespaces/${namespace}/deployments/${object}`, query);
  }
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const { items } = await api.get<{ items: Pod[] }>(pods, { labelSelector: `${UUID_LABEL}=${uuid}` });
  await Promise.all(
    items
      .filter((pod) => !isOver(pod))
      .map(({ metadata }) => api.remove(`${pods}/${metadata.name}`, { gracePeriodSeconds: 0 })),
  );
}

async function passOver(status: number, asked: Promise<unknown>): Promise<void> {
  try {
    await asked;
  } catch (error) {
    if (statusOf(error)?.code !== status) throw error;
  }
}
