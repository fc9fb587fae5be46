import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { credentialFromSecret, inScope, withProxy, type FindCredential } from "../../connections/index.ts";
import { BowlineError, errnoOf } from "../../lib/index.ts";
import type { CredentialFolder } from "../../executors/index.ts";

/** The finder over secrets that are mounted into this container: the longest scope that covers a url. A folder that is not there is passed over. */
export function findMounted(credentials: readonly CredentialFolder[]): FindCredential {
  const longestFirst = credentials.toSorted((one, other) => other.scope.length - one.scope.length);
  return async (url) => {
    for (const each of longestFirst) {
      if (!inScope(each.scope, url)) continue;
      const { scope, source, proxy, folder, secret, connection } = each;
      if (folder === undefined) return withProxy({ scope, source, secretValues: [] }, proxy);
      const data = await readKeys(folder);
      if (data.size === 0 && connection === undefined) continue;
      const credential = credentialFromSecret({ ...each, data, secret: secret ?? "", host: url.host });
      return { ...credential, ...(secret !== undefined && { secret }) };
    }
    return undefined;
  };
}

/** The keys that each credential's folder holds, by the secret's name: what a caller that may not read the secret learns of it. */
export async function mountedKeys(credentials: readonly CredentialFolder[]): Promise<Record<string, string[]>> {
  const known = credentials.flatMap(({ secret, folder }) =>
    secret === undefined || folder === undefined ? [] : [{ secret, folder }],
  );
  const entries = await Promise.all(
    known.map(async ({ secret, folder }) => [secret, [...(await readKeys(folder)).keys()]] as [string, string[]]),
  );
  return Object.fromEntries(entries);
}

/** A mounted secret: each key a link, beside the kubelet's own `..data`. */
async function readKeys(folder: string): Promise<Map<string, Buffer>> {
  try {
    const names = (await readdir(folder)).filter((name) => !name.startsWith(".."));
    return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)));
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return new Map();
    const message = `the mounted secret in "${folder}" cannot be read: ${(cause as Error).message}`;
    const hint =
      "see the securityContext of the run: the secret's files are readable for everybody in the init container";
    throw new BowlineError({ code: "FILE_NOT_READ", message, hint }, { cause });
  }
}
