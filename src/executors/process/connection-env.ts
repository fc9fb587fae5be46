import { join } from "node:path";
import type { Connection, ResourceReference } from "../../connections/index.ts";
import type { ExecutionContext } from "../executor.ts";
import { insideOf } from "./run-folder.ts";
import { chosenItems, writeSecretFiles } from "./secret-files.ts";

/** What a container that asks for a connection is given of it: its variables, its secret and config map as variables or files. */
export async function connectionEnv(
  connection: Connection,
  { context, privateFolder }: { context: ExecutionContext; privateFolder: string },
): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  const mounts = new Map<string, string>();

  async function expose(reference: ResourceReference, data: ReadonlyMap<string, Buffer>): Promise<void> {
    const items = chosenItems(data, { ...reference, place: connection.place });
    if (reference.mountPath === undefined) Object.assign(env, variablesOf(items, { context, name: reference.name }));
    else {
      const path = join(privateFolder, connection.name, reference.mountPath);
      const folder = insideOf(privateFolder, { path, place: connection.place });
      await writeSecretFiles(folder, items, reference.defaultMode);
      mounts.set(reference.mountPath, folder);
    }
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

/** The place of a mounted file here: a variable of the connection names it as it would be in a container. */
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
