import type { ContainerPlan, Plan } from "../../compile/index.ts";
import { twice } from "../../executors/index.ts";
import type { Problem } from "../../lib/index.ts";
import type { RunsOptions } from "../runs.ts";
import type { ClusterSession } from "./session.ts";

/** What is known of the Secrets that containers of a run use, where this user may read them. */
export interface ReadableSecrets {
  /** By name, their keys: what git is set up with. */
  keys: Record<string, readonly string[]>;
  /** Variables that two connections of one container have, with different values. */
  warnings: Problem[];
}

export async function readableSecrets(
  plan: Plan,
  { session, config }: { session: ClusterSession; config: RunsOptions["config"] },
): Promise<ReadableSecrets> {
  const containers = containersOf(plan);
  const used = [...new Set(containers.flat())].flatMap((name) => plan.connections[name] ?? []);
  if (used.length === 0) return { keys: {}, warnings: [] };
  const entries = config.catalog.credentials.flatMap(({ secret }) => secret?.name ?? []);
  const names = new Set([...used.flatMap(({ secret }) => secret?.name ?? []), ...entries]);
  const data = new Map<string, ReadonlyMap<string, Buffer>>();
  await Promise.all(
    [...names].map(async (name) => {
      const found = await session.secrets.get(name).catch(() => undefined);
      if (found !== undefined) data.set(name, found);
    }),
  );
  return {
    keys: Object.fromEntries([...data].map(([name, values]) => [name, [...values.keys()]])),
    warnings: containers.flatMap((connections) => twiceIn(connections, { plan, data })),
  };
}

/** For each container, the connections it is given. */
function containersOf(plan: Plan): string[][] {
  const given = (container: ContainerPlan, own?: string): string[] => [
    ...new Set([...(own === undefined ? [] : [own]), ...container.connections]),
  ];
  const init = plan.init.flatMap((step) => {
    if (step.kind === "container") return [given(step.container, step.connection)];
    return step.kind === "git" && step.handler !== undefined ? [given(step.handler, step.connection)] : [];
  });
  return [...init, ...[plan.main, ...plan.sidecars].map((container) => given(container))];
}

/** Of two values for one name the first connection's stands, as everywhere. */
function twiceIn(
  connections: readonly string[],
  { plan, data }: { plan: Plan; data: ReadonlyMap<string, ReadonlyMap<string, Buffer>> },
): Problem[] {
  const seen = new Map<string, Buffer>();
  return connections.flatMap((name) => {
    const connection = plan.connections[name];
    const { secret } = connection ?? {};
    if (connection === undefined || secret === undefined || secret.mountPath !== undefined) return [];
    const values = [...(data.get(secret.name) ?? [])].filter(([key]) => secret.items?.includes(key) ?? true);
    return values.flatMap(([key, value]) => {
      const before = seen.get(key);
      if (before === undefined) seen.set(key, value);
      return before === undefined || before.equals(value) ? [] : [twice(key, connection)];
    });
  });
}
