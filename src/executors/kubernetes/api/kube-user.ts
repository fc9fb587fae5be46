import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { BowlineError } from "../../../lib/index.ts";
import type { ClusterAccess, ClusterCredentials } from "./access.ts";
import { runExecPlugin } from "./exec-plugin.ts";
import { fileOrData } from "./file-or-data.ts";
import type { KubeUser } from "./kubeconfig-shape.ts";

export interface UserEntry {
  name: string;
  value: KubeUser;
  folder: string;
}

/** How long before its end a plugin's credential is asked for anew, in milliseconds. */
const EARLY = 10_000;

/** The credentials of a kubeconfig's user: token, token file, client certificate, basic, or an exec plugin, whose answer is kept until it expires. */
export async function openUser(
  user: UserEntry | undefined,
  { server, env }: { server: string; env: Readonly<Record<string, string | undefined>> },
): Promise<ClusterAccess["credentials"]> {
  if (user === undefined) return async () => ({ headers: {} });
  const { value, folder } = user;
  if (value["auth-provider"]) throw authProvider(user);
  const [cert, key] = [await fileOrData(user, "client-certificate"), await fileOrData(user, "client-key")];
  const fixed: ClusterCredentials = {
    headers: impersonation(value),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  const { exec, tokenFile } = value;
  if (exec) return pluginCredentials(fixed, () => runExecPlugin(exec, { server, env, folder }));
  if (tokenFile) {
    const path = isAbsolute(tokenFile) ? tokenFile : join(folder, tokenFile);
    return async () => withToken(fixed, (await readFile(path, "utf8")).trim());
  }
  if (value.token) return async () => withToken(fixed, value.token!);
  if (value.username) {
    const pair = Buffer.from(`${value.username}:${value.password ?? ""}`).toString("base64");
    return async () => ({ ...fixed, headers: { ...fixed.headers, authorization: `Basic ${pair}` } });
  }
  return async () => fixed;
}

function pluginCredentials(
  fixed: ClusterCredentials,
  ask: () => ReturnType<typeof runExecPlugin>,
): ClusterAccess["credentials"] {
  let kept: ReturnType<typeof runExecPlugin> | undefined;
  return async ({ refresh = false } = {}) => {
    const before = await kept?.catch(() => undefined);
    const over = before?.expires !== undefined && before.expires - EARLY < Date.now();
    if (before === undefined || over || refresh) kept = ask();
    const { token, cert, key } = await kept!;
    const own = { ...fixed, ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
    return token === undefined ? own : withToken(own, token);
  };
}

function withToken(credentials: ClusterCredentials, token: string): ClusterCredentials {
  return { ...credentials, headers: { ...credentials.headers, authorization: `Bearer ${token}` } };
}

function impersonation(user: KubeUser): ClusterCredentials["headers"] {
  if (user.as === undefined) return {};
  const groups = user["as-groups"] ?? [];
  return { "impersonate-user": user.as, ...(groups.length === 0 ? {} : { "impersonate-group": groups }) };
}

function authProvider({ name, value }: UserEntry): BowlineError {
  return new BowlineError({
    code: "EXECUTOR_ABSENT",
    message: `the user "${name}" of the kubeconfig logs in by "auth-provider: ${value["auth-provider"]?.name ?? ""}", which kubectl itself no longer has`,
    hint: "use an exec plugin, such as kubelogin for OIDC",
  });
}
