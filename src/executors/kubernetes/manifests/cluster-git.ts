import type { ContainerPlan } from "../../../compile/index.ts";
import {
  inScope,
  providerOf,
  scopeOfConnection,
  scopeOfMatch,
  tokenUsername,
  type EnvVar,
  type ResourceReference,
} from "../../../connections/index.ts";
import { mountedJobGit, type MountedConnection } from "../../../git/index.ts";
import { ALL_SCHEMES, parseGitUrl, type GitUrl } from "../../../lib/index.ts";
import { volumeSource } from "./connection-parts.ts";
import { literal } from "./literal.ts";
import { secretMode } from "./security.ts";
import { shownSettings } from "./step-credentials.ts";
import type { UserContainerInput } from "./container-input.ts";
import type { VolumeMount } from "./volumes.ts";

const FOLDER = "/bowline/secrets";

/** What makes plain git in a container use its connections, and take the run's repositories for safe: variables, and Secrets as files. */
export function clusterGit(
  names: readonly string[],
  input: UserContainerInput & { container: ContainerPlan },
): { env: EnvVar[]; mounts: VolumeMount[] } {
  const { plan, container, config } = input;
  const safeDirectories = plan.init.flatMap((step) => (step.kind === "git" ? [step.path] : []));
  const mounts: VolumeMount[] = [];
  const tokens: EnvVar[] = [];
  const connections = names.flatMap((name) => gitConnection(name, { ...input, mounts, tokens }) ?? []);
  if (safeDirectories.length === 0 && connections.length === 0) return { env: [], mounts };
  const given = container.env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]));
  const { env, expanded } = mountedJobGit({
    connections,
    safeDirectories,
    env: Object.fromEntries(given),
    policy: config.policy,
  });
  const variables = Object.entries(env).map(([name, value]) => ({
    name,
    value: expanded.has(name) ? value : literal(value),
  }));
  return { env: [...tokens, ...variables], mounts };
}

interface Adding extends UserContainerInput {
  container: ContainerPlan;
  mounts: VolumeMount[];
  tokens: EnvVar[];
}

function gitConnection(name: string, adding: Adding): MountedConnection | undefined {
  const { plan, container, volumes, secretKeys, mounts, tokens } = adding;
  const connection = plan.connections[name];
  const text = connection?.schema?.url;
  if (connection === undefined || text === undefined || (connection.kind !== "git" && connection.kind !== "ssh"))
    return undefined;
  const url = parseGitUrl(text, { schemes: ALL_SCHEMES });
  const found = secretFor(url, name, adding);
  if (found === undefined) return { name, url: text };
  const { secret, scope, settings } = found;
  const keys = secretKeys.get(secret.name);
  const shown = secret.items === undefined ? keys : secret.items;
  const folder = `${FOLDER}/${mounts.length}`;
  const source = volumeSource("secret", { ...secret, defaultMode: secretMode(container, plan) }, 0o444);
  mounts.push({ name: volumes.add(source, "bowline-secret"), mountPath: folder, readOnly: true });
  const bearer = settings.auth === "bearer" ? `BOWLINE_TOKEN_${mounts.length - 1}` : undefined;
  if (bearer !== undefined) {
    const key = keys?.includes("POLYAXON_GIT_CREDENTIALS") === false ? "password" : "POLYAXON_GIT_CREDENTIALS";
    tokens.push({ name: bearer, valueFrom: { secretKeyRef: { name: secret.name, key } } });
  }
  return {
    name,
    url: text,
    secret: {
      folder,
      scope,
      username: settings.username ?? tokenUsername(providerOf(url.host, settings.provider), ""),
      ...(shown === undefined ? {} : { keys: shown }),
      ...(bearer === undefined ? {} : { bearer }),
      ...(settings.proxy === undefined ? {} : { proxy: settings.proxy }),
    },
  };
}

/** The connection's own secret, else the `credentials:` entry with the longest prefix. */
function secretFor(
  url: GitUrl,
  name: string,
  { plan, config }: Adding,
): { secret: ResourceReference; scope: string; settings: ReturnType<typeof shownSettings> } | undefined {
  const connection = plan.connections[name];
  const own = scopeOfConnection(connection);
  const settings = shownSettings(connection?.schema);
  if (connection?.secret !== undefined && own !== undefined) return { secret: connection.secret, scope: own, settings };
  const entries = config.catalog.credentials
    .map((entry) => ({ entry, scope: scopeOfMatch(entry.match) }))
    .filter(({ scope }) => inScope(scope, url))
    .sort((one, other) => other.scope.length - one.scope.length);
  const [longest] = entries;
  if (longest?.entry.secret === undefined) return undefined;
  return {
    secret: longest.entry.secret,
    scope: longest.scope,
    settings: { ...settings, ...shownSettings(longest.entry) },
  };
}
