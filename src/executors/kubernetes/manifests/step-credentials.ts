import type { GitStep, Plan } from "../../../compile/index.ts";
import type { Config } from "../../../config/index.ts";
import {
  httpSettings,
  inScope,
  scopeOfConnection,
  scopeOfMatch,
  type CredentialEntry,
  type GitSchema,
  type ResourceReference,
} from "../../../connections/index.ts";
import { ALL_SCHEMES, BowlineError, parseGitUrl, proxyPasswords } from "../../../lib/index.ts";
import type { CredentialFolder } from "../../initializer-words.ts";
import { volumeSource } from "./connection-parts.ts";
import type { VolumeMount, Volumes } from "./volumes.ts";

const FOLDER = "/bowline/credentials";

/**
 * The credentials a git step may need: the connection's own, and the `credentials:` entries; with submodules or LFS every entry, as it is
 * not known yet where these are. Throws NOT_SUPPORTED for a `from:` that only this machine could ask.
 */
export function stepCredentials(
  step: Pick<GitStep, "url" | "connection" | "options">,
  { plan, config, volumes }: { plan: Pick<Plan, "connections">; config: Config; volumes: Volumes },
): { credentials: CredentialFolder[]; mounts: VolumeMount[] } {
  const url = parseGitUrl(step.url, { schemes: ALL_SCHEMES });
  const credentials: CredentialFolder[] = [];
  const mounts: VolumeMount[] = [];

  function mounted(secret: ResourceReference, optional: boolean): string {
    const source = volumeSource("secret", { ...secret, defaultMode: 0o444 }, 0o444) as { secret: object };
    const volume = optional ? { secret: { ...source.secret, optional: true } } : source;
    const mountPath = `${FOLDER}/${mounts.length}`;
    mounts.push({ name: volumes.add(volume, "bowline-credential"), mountPath, readOnly: true });
    return mountPath;
  }

  const connection = step.connection === undefined ? undefined : plan.connections[step.connection];
  const own = scopeOfConnection(connection);
  const mine = connection !== undefined && own !== undefined && inScope(own, url);
  if (mine && connection.secret !== undefined) {
    const { name, secret, schema } = connection;
    const found = { scope: own, source: `connection "${name}"`, secret: secret.name, connection: name };
    credentials.push({ ...found, folder: mounted(secret, false), ...shownSettings(schema) });
  }
  const everywhere = step.options.submodules !== false || step.options.lfs;
  for (const entry of config.catalog.credentials) {
    const scope = scopeOfMatch(entry.match);
    const covers = inScope(scope, url) && credentials.length === 0;
    if (!covers && !everywhere) continue;
    if (entry.from !== undefined) {
      if (covers) throw onlyHere(entry, step.connection);
      continue;
    }
    const settings = { ...(mine ? shownSettings(connection?.schema) : {}), ...shownSettings(entry) };
    const found = { scope, source: `credentials entry "${entry.match}"`, ...settings };
    if (entry.secret === undefined) credentials.push(found);
    else credentials.push({ ...found, secret: entry.secret.name, folder: mounted(entry.secret, !covers) });
  }
  return { credentials, mounts };
}

/** How a token is used over http, without a secret of its own. Throws NOT_SUPPORTED for a proxy's password. */
export function shownSettings(from: GitSchema | CredentialEntry | undefined): ReturnType<typeof httpSettings> {
  const settings = httpSettings(from);
  if (proxyPasswords(settings.proxy ?? "").length > 0) throw proxyPassword();
  return settings;
}

function proxyPassword(): BowlineError {
  return new BowlineError({
    code: "NOT_SUPPORTED",
    message: "a proxy with a password would be readable in the objects of the cluster",
    hint: "leave `proxy:` out, and set https_proxy by init.env with valueFrom.secretKeyRef",
  });
}

function onlyHere({ match, from, place }: CredentialEntry, connection: string | undefined): BowlineError {
  const what = from === "git" ? "git" : Object.keys(from ?? {}).join();
  return new BowlineError({
    code: "NOT_SUPPORTED",
    message: `the credentials entry "${match}" has "from: ${what}", which is on this machine only and not in the cluster`,
    hint: "put the credential into the cluster and name it with `secret:`: bowline secrets set NAME POLYAXON_GIT_CREDENTIALS --store kubernetes",
    ...(place === undefined ? {} : { place }),
    ...(connection === undefined ? {} : { connection }),
  });
}
