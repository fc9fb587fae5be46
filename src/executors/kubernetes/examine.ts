import type { Config } from "../../config/index.ts";
import { BowlineError } from "../../lib/index.ts";
import { initImage } from "../init-image.ts";
import { statusOf } from "./api/kube-errors.ts";
import type { Cluster } from "./cluster.ts";
import { runOwnPod } from "./own-pod.ts";
import { hasRight, rightsNeeded, type Right } from "./rights.ts";

/** One thing that runs in a cluster need; `missing` is no fault. */
export interface ClusterFinding {
  what: string;
  state: "ok" | "missing" | "wrong";
  detail: string;
  hint?: string;
}

/** The oldest minor version of Kubernetes 1 that runs work on: init containers that go on are sidecars from there. */
const OLDEST = 29;

/** Looks at everything that runs in this namespace need: the server, each right, our image, the catalog's Secrets. */
export async function examineCluster(cluster: Cluster, config: Config): Promise<ClusterFinding[]> {
  const server = await examineServer(cluster);
  if (server.state === "wrong") return [server];
  const rights = await Promise.all(
    rightsNeeded().map(async (right) => ({ right, has: await hasRight(cluster.api, { ...cluster, right }) })),
  );
  const may = (resource: string, verb: string): boolean =>
    rights.some(({ right, has }) => right.resource === resource && right.verb === verb && has);
  const image = may("pods", "create") && may("pods", "watch") ? await examineImage(cluster, config) : [];
  const secrets = may("secrets", "get") ? await examineSecrets(cluster, config) : [];
  return [server, ...rights.map(rightFinding), ...image, ...secrets];
}

async function examineServer({ api, namespace }: Cluster): Promise<ClusterFinding> {
  const what = "cluster";
  try {
    const { major, minor, gitVersion } = await api.get<{ major: string; minor: string; gitVersion: string }>(
      "/version",
    );
    const where = `${gitVersion} at ${api.access.server}, namespace ${namespace}`;
    const number = Number.parseInt(minor, 10);
    if (major === "1" && number < OLDEST)
      return { what, state: "wrong", detail: where, hint: `Kubernetes 1.${OLDEST} or newer is needed` };
    return { what, state: "ok", detail: where };
  } catch (error) {
    if (!(error instanceof BowlineError)) throw error;
    return { what, state: "wrong", detail: error.message, hint: error.hint };
  }
}

function rightFinding({ right, has }: { right: Right; has: boolean }): ClusterFinding {
  const { resource, verb, without } = right;
  const what = `${verb} ${resource}`;
  if (has) return { what, state: "ok", detail: "allowed" };
  if (without !== undefined) return { what, state: "missing", detail: `not allowed: ${without}` };
  return { what, state: "wrong", detail: "not allowed", hint: "have the Role below bound to you" };
}

async function examineImage(cluster: Cluster, config: Config): Promise<ClusterFinding[]> {
  const what = `image ${initImage(config)}`;
  try {
    const work = () => ({ words: ["version"], mounts: [] });
    const pod = await runOwnPod(cluster, { config, role: "doctor", work });
    const code = pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
    if (code === 0) return [{ what, state: "ok", detail: "a pod of it was started" }];
    const detail = `a pod of it failed: ${pod.status?.message ?? `exit code ${code}`}`;
    return [{ what, state: "wrong", detail, hint: "name Bowline's image by init.image of the config" }];
  } catch (error) {
    if (!(error instanceof BowlineError)) throw error;
    return [{ what, state: "wrong", detail: error.message, hint: error.hint }];
  }
}

async function examineSecrets({ api, namespace }: Cluster, { catalog }: Config): Promise<ClusterFinding[]> {
  const users = new Map<string, string[]>();
  for (const { name, secret } of catalog.connections.values()) {
    if (secret !== undefined) users.set(secret.name, [...(users.get(secret.name) ?? []), `connection "${name}"`]);
  }
  for (const { match, secret } of catalog.credentials) {
    if (secret !== undefined) users.set(secret.name, [...(users.get(secret.name) ?? []), `credentials "${match}"`]);
  }
  return Promise.all(
    [...users].map(async ([name, by]): Promise<ClusterFinding> => {
      const what = `Secret ${name}`;
      try {
        const found = await api.find<{ data?: object }>(`/api/v1/namespaces/${namespace}/secrets/${name}`);
        if (found !== undefined)
          return { what, state: "ok", detail: `keys ${Object.keys(found.data ?? {}).join(", ")}` };
      } catch (error) {
        if (statusOf(error)?.code !== 403) throw error;
        return { what, state: "missing", detail: "may not be read, so it is not known whether it is there" };
      }
      const hint = `put it there: bowline secrets set ${name} POLYAXON_GIT_CREDENTIALS --store kubernetes -n ${namespace}`;
      return { what, state: "wrong", detail: `not in the namespace; ${by.join(", ")} needs it`, hint };
    }),
  );
}
