import type { Connection, ResourceReference } from "../connections/index.ts";
import { BowlineError, type Place } from "../lib/index.ts";
import type { ExecutionContext } from "./executor.ts";

/** A secret or config map that a container sees as files. */
export interface SecretMount {
  connection: Connection;
  mountPath: string;
  items: readonly (readonly [key: string, value: Buffer])[];
  defaultMode?: number | undefined;
}

/** Puts the files where the container will see them; gives that place. */
export type MountSecret = (mount: SecretMount) => Promise<string>;

/** What a container that asks for a connection is given of it: its variables, its secret and config map as variables or files. */
export async function connectionEnv(
  connection: Connection,
  { context, mountSecret }: { context: ExecutionContext; mountSecret: MountSecret },
): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  const mounts = new Map<string, string>();

  async function expose(reference: ResourceReference, data: ReadonlyMap<string, Buffer>): Promise<void> {
    const items = chosenItems(data, { ...reference, place: connection.place });
    const { mountPath, defaultMode } = reference;
    if (mountPath === undefined) Object.assign(env, variablesOf(items, { context, name: reference.name }));
    else mounts.set(mountPath, await mountSecret({ connection, mountPath, items, defaultMode }));
  }

  const { configMap, secret } = connection;
  if (configMap !== undefined) await expose(configMap, await context.readConfigMap(configMap.name));
  if (secret !== undefined) await expose(secret, await context.readSecret(secret.name));
  for (const [mountPath, folder] of mounts) {
    env[`POLYAXON_CONNECTION_CONTEXT_PATH_${connection.name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`] = folder;
    if (connection.kind === "ssh" && mountPath === secret?.mountPath) env.POLYAXON_SSH_PATH = folder;
  }
  for (const { name, value } of connection.env ?? []) if (value !== undefined) env[name] = mounted(value, mounts);
  return env;
}

/** The place of a mounted file as the job sees it: a variable of the connection names it as it would be in a container. */
function mounted(value: string, mounts: ReadonlyMap<string, string>): string {
  for (const [mountPath, folder] of mounts) {
    const prefix = mountPath.replace(/\/+$/, "");
    if (value === prefix || value.startsWith(`${prefix}/`)) return folder + value.slice(prefix.length);
  }
  return value;
}

/** Values as variables; what no variable can hold is left out with a warning. */
export function variablesOf(
  items: readonly (readonly [key: string, value: Buffer])[],
  { context, name }: { context: ExecutionContext; name: string },
): Record<string, string> {
  const usable = items.filter(([key, value]) => {
    if (!value.includes(0) && !/[=\0]/.test(key)) return true;
    context.onEvent({
      type: "warning",
      warning: {
        code: "NOT_A_VARIABLE",
        message: `the key "${key}" of "${name}" cannot be an environment variable and is left out`,
        hint: "give the connection's secret a mountPath: it is a file then",
      },
    });
    return false;
  });
  return Object.fromEntries(usable.map(([key, value]) => [key, value.toString()]));
}

/** The keys of a secret or config map that a connection shows: all, or its `items`. Throws SECRET_NOT_FOUND for an item that is not there. */
function chosenItems(
  data: ReadonlyMap<string, Buffer>,
  reference: ResourceReference & { place?: Place | undefined },
): [key: string, value: Buffer][] {
  if (reference.items === undefined) return [...data];
  return reference.items.map((key) => {
    const value = data.get(key);
    if (value !== undefined) return [key, value];
    throw new BowlineError({
      code: "SECRET_NOT_FOUND",
      message: `"${reference.name}" has no key "${key}"`,
      hint: `its keys are ${[...data.keys()].map((name) => `"${name}"`).join(", ")}`,
      ...(reference.place === undefined ? {} : { place: reference.place }),
    });
  });
}
