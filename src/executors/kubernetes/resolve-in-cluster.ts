import type { Plan } from "../../compile/index.ts";
import type { Config } from "../../config/index.ts";
import type { ConnectionReport, GitRequest, Resolution } from "../../git/index.ts";
import { BowlineError } from "../../lib/index.ts";
import type { Cluster } from "./cluster.ts";
import { initEnd } from "./derive/ended.ts";
import { initializerWords } from "./manifests/own-container.ts";
import { stepCredentials } from "./manifests/step-credentials.ts";
import { OWN_CONTAINER, runOwnPod, type OwnPod } from "./own-pod.ts";

/** What a pod in the cluster found out about a repository. */
export interface ClusterReport extends Omit<ConnectionReport, "warnings"> {
  /** By name, the keys of the Secrets it was given. */
  keys: Record<string, string[]>;
}

export interface ClusterRequest extends Omit<OwnPod, "work" | "signal" | "onWait"> {
  request: Pick<GitRequest, "url" | "connection" | "revision" | "options" | "signal" | "onEvent">;
  connections: Plan["connections"];
  config: Config;
}

/**
 * Asks the server from a short-lived pod, whose network and Secrets are the job's. Throws the engine's own error, or what keeps the pod
 * from starting.
 */
export async function resolveInCluster(
  cluster: Cluster,
  { request, connections, ...options }: ClusterRequest,
): Promise<ClusterReport> {
  const { config, uuid = "" } = options;
  const step = { ...request, kind: "git" as const, name: OWN_CONTAINER, urlOverridden: false, path: "/tmp/none" };
  const detail = "a pod in the cluster";
  const tell = (state: "start" | "end", more = ""): void =>
    request.onEvent?.({ phase: "wait", state, detail: detail + more });
  tell("start");
  const pod = await runOwnPod(cluster, {
    ...options,
    signal: request.signal,
    onWait: (what) => tell("start", `: ${what}`),
    work(volumes) {
      const { credentials, mounts } = stepCredentials(step, { plan: { connections }, config, volumes });
      const settings = { policy: config.policy, options: step.options, credentials };
      return { words: initializerWords(step, settings, "--resolve-only"), mounts };
    },
  });
  tell("end");
  const [status] = pod.status?.containerStatuses ?? [];
  const { exitCode = 1, message = "" } = status?.state?.terminated ?? {};
  if (exitCode === 0) return JSON.parse(message) as ClusterReport;
  if (status !== undefined) {
    const { errors } = initEnd(status, { step, uuid, pod });
    if (errors.length > 0) throw new BowlineError(errors);
  }
  const why = pod.status?.message ?? pod.status?.reason ?? "nothing says why";
  throw new BowlineError({
    code: "RUN_FAILED",
    message: `the pod that was to look at "${request.url}" failed: ${why}`,
    hint: "try again; see the namespace's events: kubectl get events",
  });
}

/** As the engine's own answer. */
export function resolutionOf(report: ClusterReport): Resolution {
  const { commit, ref, redirectedTo, protocol, took } = report;
  return {
    commit,
    ...(ref === undefined ? {} : { ref }),
    ...(redirectedTo === undefined ? {} : { redirectedTo }),
    session: { protocol, url: redirectedTo ?? report.url, capabilities: new Set(), close: () => {} },
    took,
    warnings: [],
  };
}
