import type { Policy } from "../../config/index.ts";
import type { Credential } from "../../connections/index.ts";
import { parseGitUrl } from "../../lib/index.ts";
import { checkPolicy } from "../access.ts";
import { configEnv, rewrites, scopesOf, type Setting } from "./job-git.ts";
import { mountedHelper } from "./mounted-helper.ts";
import { mountedSsh } from "./mounted-ssh.ts";

export interface MountedJobGitOptions {
  connections: readonly MountedConnection[];
  /** The repositories of the run as the job sees them. */
  safeDirectories: readonly string[];
  /** The container's own environment: its `GIT_CONFIG_*` stay. */
  env?: Readonly<Record<string, string>>;
  policy: Policy;
}

/** A connection whose secret is mounted, each key a file: its values are not known here. */
export interface MountedConnection {
  name: string;
  url: string;
  secret?: MountedSecret;
}

export interface MountedSecret {
  /** Where its keys are files, as the job sees it. */
  folder: string;
  scope: string;
  /** Its keys, where they are known. */
  keys?: readonly string[];
  /** The user name that goes with a bare token. */
  username: string;
  /** The variable that holds the token; only for `auth: bearer`. */
  bearer?: string;
  proxy?: string;
}

/**
 * As `prepareJobGit`, for secrets that only the container sees: everything is said by the environment, and git's helper and ssh read the
 * mounted files at each call, which follow the secret. Holds no secret. A value `$(NAME)` of `variables` is for the kubelet to fill in.
 */
export function mountedJobGit(options: MountedJobGitOptions): {
  env: Record<string, string>;
  /** Names in `env` whose `$(NAME)` is to be expanded. */
  expanded: ReadonlySet<string>;
} {
  const { policy } = options;
  const secrets = new Map<Credential, MountedSecret>();
  const helpers: Record<string, string> = {};
  const connections = options.connections.map(({ name, url: text, secret }) => {
    const url = parseGitUrl(text, { schemes: policy.schemes });
    const credential = secret === undefined ? undefined : outlineOf(secret, url.scheme === "ssh");
    if (credential !== undefined) secrets.set(credential, secret!);
    checkPolicy({ url, ...(credential && { credential }) }, policy);
    return { name, url, credential };
  });
  const { http, ssh } = scopesOf(connections);
  const settings: Setting[] = [
    ...options.safeDirectories.map((path): Setting => ["safe.directory", path]),
    ["core.askPass", "false"],
    ...http.flatMap(({ prefix, credential }) => httpSettings(prefix, secrets.get(credential)!, helpers)),
    ...rewrites({ connections, http, ssh }),
  ];
  const shell =
    ssh.length === 0
      ? {}
      : mountedSsh(ssh, { timeouts: policy.timeouts, folderOf: (each) => secrets.get(each)!.folder });
  const env = { GIT_TERMINAL_PROMPT: "0", ...helpers, ...shell, ...configEnv(settings, options.env ?? {}) };
  const expanded = Object.entries(env).flatMap(([name, value]) => (BEARER.test(value) ? [name] : []));
  return { env, expanded: new Set(expanded) };
}

const BEARER = /^Authorization: Bearer \$\([A-Z0-9_]+\)$/;

/** What kind of credential it is; the values themselves are nowhere. */
function outlineOf({ scope, keys, bearer, username }: MountedSecret, overSsh: boolean): Credential {
  const base = { scope, source: "", secretValues: [] };
  const hasKey = keys?.some((key) => key === "ssh-privatekey" || key.startsWith("id_")) ?? overSsh;
  const hasToken = keys?.some((key) => key === "POLYAXON_GIT_CREDENTIALS" || key === "password") ?? !overSsh;
  return {
    ...base,
    ...(hasToken
      ? { http: bearer === undefined ? { kind: "basic", username, password: "" } : { kind: "bearer", token: "" } }
      : {}),
    ...(hasKey ? { ssh: { privateKey: "" } } : {}),
  };
}

function httpSettings(prefix: string, secret: MountedSecret, helpers: Record<string, string>): Setting[] {
  const { folder, keys, bearer, proxy } = secret;
  const settings: Setting[] = [[`credential.${prefix}.helper`, ""]];
  if (bearer === undefined) {
    const variable = `BOWLINE_GIT_HELPER_${/\d*$/.exec(folder)![0]}`;
    const { value, setting } = mountedHelper(variable, secret);
    helpers[variable] = value;
    settings.push([`credential.${prefix}.helper`, setting]);
  }
  settings.push([`credential.${prefix}.useHttpPath`, "true"]);
  if (bearer !== undefined) {
    // It would follow a redirect to anywhere, so none is followed.
    settings.push([`http.${prefix}.extraHeader`, `Authorization: Bearer $(${bearer})`]);
    settings.push([`http.${prefix}.followRedirects`, "false"]);
  }
  if (proxy !== undefined) settings.push([`http.${prefix}.proxy`, proxy]);
  if (keys?.includes("ca.crt")) settings.push([`http.${prefix}.sslCAInfo`, `${folder}/ca.crt`]);
  return settings;
}
