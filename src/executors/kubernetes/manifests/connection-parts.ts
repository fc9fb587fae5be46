import type { Plan } from "../../../compile/index.ts";
import type { Connection, EnvVar, ResourceReference } from "../../../connections/index.ts";
import type { VolumeMount, Volumes } from "./volumes.ts";

/** What a container that asks for connections is given of them, by reference only. */
export interface ConnectionParts {
  env: EnvVar[];
  envFrom: object[];
  mounts: VolumeMount[];
}

/** Of two connections with a key of the same name, the first one's stands: Kubernetes takes the last, so they come in reverse. */
export function connectionParts(
  names: readonly string[],
  { plan, volumes, mode }: { plan: Plan; volumes: Volumes; mode: number },
): ConnectionParts {
  const known = names.flatMap((name) => plan.connections[name] ?? []);
  const parts: ConnectionParts = { env: [], envFrom: [], mounts: [] };
  for (const connection of known.toReversed()) addConnection(connection, { parts, volumes, mode });
  if (known.length > 0) {
    const catalog = JSON.stringify(known.map(({ place: _place, ...connection }) => connection));
    parts.env.push({ name: "POLYAXON_CONNECTIONS_CATALOG", value: catalog });
  }
  return parts;
}

interface Adding {
  parts: ConnectionParts;
  volumes: Volumes;
  mode: number;
}

function addConnection(connection: Connection, { parts, volumes, mode }: Adding): void {
  const { configMap, secret, env = [] } = connection;
  for (const [kind, reference] of [["configMap", configMap] as const, ["secret", secret] as const]) {
    if (reference === undefined) continue;
    if (reference.mountPath === undefined) addVariables(kind, reference, parts);
    else {
      const name = volumes.add(volumeSource(kind, reference, mode), `bowline-${kind.toLowerCase()}`);
      parts.mounts.push({ name, mountPath: reference.mountPath, readOnly: true });
      const suffix = connection.name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
      parts.env.push({ name: `POLYAXON_CONNECTION_CONTEXT_PATH_${suffix}`, value: reference.mountPath });
      if (connection.kind === "ssh" && kind === "secret")
        parts.env.push({ name: "POLYAXON_SSH_PATH", value: reference.mountPath });
    }
  }
  parts.env.push(...env.filter(({ value }) => value !== undefined));
}

function addVariables(kind: "configMap" | "secret", { name, items }: ResourceReference, parts: ConnectionParts): void {
  if (items === undefined) parts.envFrom.push({ [kind === "secret" ? "secretRef" : "configMapRef"]: { name } });
  else {
    const source = kind === "secret" ? "secretKeyRef" : "configMapKeyRef";
    parts.env.push(...items.map((key) => ({ name: key, valueFrom: { [source]: { name, key } } })));
  }
}

/** A Secret or config map as files, by name alone. */
export function volumeSource(
  kind: "configMap" | "secret",
  { name, items, defaultMode }: Pick<ResourceReference, "name" | "items" | "defaultMode">,
  mode: number,
): object {
  const files = {
    defaultMode: defaultMode ?? mode,
    ...(items === undefined ? {} : { items: items.map((key) => ({ key, path: key })) }),
  };
  return kind === "secret" ? { secret: { secretName: name, ...files } } : { configMap: { name, ...files } };
}
