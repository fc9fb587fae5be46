import type { Plan } from "../../compile/index.ts";
import { ERROR_CODES, BowlineError } from "../../lib/index.ts";
import type { GitEngine } from "../git-engine.ts";
import { handlerWithImage } from "../handler.ts";
import { pinPlan, type PinContext } from "../pin-plan.ts";
import type { Cluster } from "./cluster.ts";
import { resolutionOf, resolveInCluster } from "./resolve-in-cluster.ts";

export interface Pinned {
  plan: Plan;
  /** By name, the keys of the Secrets that a pod in the cluster saw. */
  secretKeys: Map<string, readonly string[]>;
}

/**
 * Turns every revision into a commit before anything of the run exists in the cluster: from this machine where it may read the Secret and
 * reaches the host, else by a pod in the cluster that asks and exits.
 */
export async function pinInCluster(
  plan: Plan,
  {
    cluster,
    context,
    engine,
    recordUid,
  }: {
    cluster: Cluster;
    context: PinContext;
    engine: Pick<GitEngine, "resolve">;
    /** Where the run has a record already. */
    recordUid?: string | undefined;
  },
): Promise<Pinned> {
  const secretKeys = new Map<string, readonly string[]>();
  const { config, uuid } = context;

  async function resolve(request: Parameters<GitEngine["resolve"]>[0]): ReturnType<GitEngine["resolve"]> {
    try {
      return await engine.resolve(request);
    } catch (error) {
      if (!isForCluster(error)) throw error;
      const asked = { request, connections: plan.connections, config, environment: plan.environment };
      const report = await resolveInCluster(cluster, { ...asked, role: "pin", uuid, recordUid });
      for (const [name, keys] of Object.entries(report.keys)) secretKeys.set(name, keys);
      return resolutionOf(report);
    }
  }

  const pinned = await pinPlan(plan, { context, engine: { resolve }, handlerOf: handlerWithImage });
  for (const { session } of pinned.resolutions.values()) session.close();
  return { plan: pinned.plan, secretKeys };
}

/** What only this machine lacks: the right to read the Secret, a way to the host, its name, its authority's certificate. */
function isForCluster(error: unknown): boolean {
  if (!(error instanceof BowlineError)) return false;
  return error.code === "CLUSTER_FORBIDDEN" || ERROR_CODES[error.code].exit === ERROR_CODES.HOST_NOT_FOUND.exit;
}
