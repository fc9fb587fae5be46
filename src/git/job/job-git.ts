import { rootCertificates } from "node:tls";
import type { Policy } from "../../config/index.ts";
import { scopeOf, type Credential } from "../../connections/index.ts";
import { parseGitUrl, type GitUrl } from "../../lib/index.ts";
import { checkPolicy } from "../access.ts";
import { configSection, quoted } from "../process/git-config.ts";
import { credentialHelper, oldGitAskpass } from "./job-git-helper.ts";
import { jobSsh } from "./job-git-ssh.ts";
import type { JobFile, JobScope } from "./job-scope.ts";

export interface JobGitOptions {
  /** What the container names under `connections:`, in that order; only git connections. */
  connections: readonly JobConnection[];
  /** Where the files will be, as the job sees it: absolute, and private to the job's user. */
  folder: string;
  /** The repositories of the run as the job sees them; their owner may be another user than the job's. */
  safeDirectories: readonly string[];
  /** The container's own environment: its `GIT_CONFIG_*` stay. */
  env?: Readonly<Record<string, string>>;
  policy: Policy;
}

export interface JobConnection {
  name: string;
  url: string;
  credential?: Credential | undefined;
}

/** What makes plain `git` in a job use its connections: nothing of it is in a repository. */
export interface JobGit {
  env: Record<string, string>;
  /**
   * git reads them anew at each start. So, when a secret was changed, write the files of a new call over the old ones
   * (each to another name first, then renamed): the environment stays true.
   */
  files: JobFile[];
}

/**
 * Sets up git (2.31 or newer; older ones as far as GIT_ASKPASS goes) and ssh for a job: each connection's credential for its scope and
 * for nothing else, the longest scope first. No secret is in the environment; the helper needs `sh` and no program besides.
 * Throws what the policy has against a connection: POLICY_REFUSED or PLAIN_HTTP_REFUSED.
 */
export function prepareJobGit(options: JobGitOptions): JobGit {
  const connections = options.connections.map(({ name, url: text, credential }) => {
    const url = parseGitUrl(text, { schemes: options.policy.schemes });
    checkPolicy({ url, ...(credential && { credential }) }, options.policy);
    return { name, url, credential };
  });
  const { http, ssh } = scopesOf(connections);
  const { folder } = options;
  const settings: Setting[] = [
    ...options.safeDirectories.map((path): Setting => ["safe.directory", path]),
    // Without a terminal a question is an error at once; GIT_ASKPASS, which is for older gits, is not asked by one that reads this.
    ["core.askPass", "false"],
    ["include.path", `${folder}/config`],
    ...http.flatMap((scope) => httpSettings(scope, folder)),
    ...rewrites({ connections, http, ssh }),
  ];
  const shell = jobSsh({ scopes: ssh, folder, timeouts: options.policy.timeouts });
  const askpass = oldGitAskpass(http, folder);
  return {
    env: {
      GIT_TERMINAL_PROMPT: "0",
      ...(askpass === undefined ? {} : { SSH_ASKPASS: `${folder}/${askpass.name}` }),
      ...usersOwn(connections),
      ...shell.env,
      ...configEnv(settings, options.env ?? {}),
    },
    files: [
      { name: "config", mode: 0o600, content: http.map((scope) => includedSettings(scope, folder)).join("") },
      ...http.flatMap(httpFiles),
      ...(askpass === undefined ? [] : [askpass]),
      ...shell.files,
    ],
  };
}

/** Scopes whose credential is for http(s), and those with a key for ssh; the shortest first. */
export interface JobScopes {
  http: readonly JobScope[];
  ssh: readonly JobScope[];
}

/** The scope of each credential, and each connection's own repository: so one owner's repositories may have different secrets. */
export function scopesOf(connections: readonly (Omit<JobConnection, "url"> & { url: GitUrl })[]): JobScopes {
  const scopes = new Map<string, JobScope>();
  connections.forEach(({ url, credential }, number) => {
    if (credential === undefined) return;
    const repository = url.href.replace(/\.git$/, "").replace(/^ssh:\/\/[^/@]*@/, "ssh://");
    for (const prefix of [credential.scope, repository, `${repository}.git`]) {
      if (!scopes.has(prefix)) scopes.set(prefix, { prefix, credential, number });
    }
  });
  const all = [...scopes.values()].sort((one, other) => one.prefix.length - other.prefix.length);
  const isSsh = ({ prefix }: JobScope): boolean => prefix.startsWith("ssh:");
  return {
    http: all.filter((scope) => !isSsh(scope) && scope.credential.http !== undefined),
    ssh: all.filter((scope) => isSsh(scope) && typeof scope.credential.ssh === "object"),
  };
}

export type Setting = [key: string, value: string];

/** The empty helper first: those of the user, which might keep the secret, are not asked for this prefix (gitcredentials(7)). */
function httpSettings({ prefix, credential, number }: JobScope, folder: string): Setting[] {
  const helper: Setting[] =
    credential.http?.kind === "basic"
      ? [[`credential.${prefix}.helper`, credentialHelper(`${folder}/${number}.credential`)]]
      : [];
  return [[`credential.${prefix}.helper`, ""], ...helper, [`credential.${prefix}.useHttpPath`, "true"]];
}

/** What may hold a secret or change with it goes to a file. A bearer header would follow a redirect to anywhere, so none is followed. */
function includedSettings({ prefix, credential, number }: JobScope, folder: string): string {
  const lines: Setting[] = [];
  if (credential.http?.kind === "bearer") {
    lines.push(["extraHeader", `Authorization: Bearer ${credential.http.token}`], ["followRedirects", "false"]);
  }
  if (credential.proxy !== undefined) lines.push(["proxy", credential.proxy]);
  if (credential.ca !== undefined) lines.push(["sslCAInfo", `${folder}/${number}.ca`]);
  if (lines.length === 0) return "";
  return configSection(`http ${quoted(prefix)}`, Object.fromEntries(lines));
}

function httpFiles({ credential, number }: JobScope, index: number, all: JobScope[]): JobFile[] {
  if (all.findIndex((scope) => scope.number === number) !== index) return [];
  const files: JobFile[] = [];
  if (credential.http?.kind === "basic") {
    const { username, password } = credential.http;
    files.push({ name: `${number}.credential`, mode: 0o600, content: `username=${username}\npassword=${password}\n` });
  }
  if (credential.ca !== undefined) {
    files.push({ name: `${number}.ca`, mode: 0o644, content: [credential.ca, ...rootCertificates].join("\n") });
  }
  return files;
}

interface Rewriting extends JobScopes {
  connections: readonly { url: GitUrl }[];
}

/** Below a scope that has a token, ssh urls (of submodules, say) use https, and the reverse; only for the schemes' own ports. */
export function rewrites({ connections, http, ssh }: Rewriting): Setting[] {
  const settings: Setting[] = [];
  const owners = (scopes: readonly JobScope[]): string[] =>
    scopes.flatMap(({ prefix }) => /^(?:https|ssh):\/\/([^/:[]+\/.+\/)$/.exec(prefix)?.[1] ?? []);
  const [overHttps, overSsh] = [owners(http.filter(({ prefix }) => prefix.startsWith("https:"))), owners(ssh)];
  for (const owner of overHttps.filter((place) => !overSsh.includes(place))) {
    const colon = owner.replace("/", ":");
    for (const from of [`ssh://git@${owner}`, `git@${colon}`]) settings.push([`url.https://${owner}.insteadOf`, from]);
  }
  for (const owner of overSsh.filter((place) => !overHttps.includes(place))) {
    const { remote = "" } = connections.map(({ url }) => url).find((url) => scopeOf(url) === `ssh://${owner}`) ?? {};
    const name = owner.slice(owner.indexOf("/") + 1);
    const end = remote.lastIndexOf(name) + name.length;
    if (remote.includes(name)) settings.push([`url.${remote.slice(0, end)}.insteadOf`, `https://${owner}`]);
  }
  return settings;
}

/** `from: git`: the user's own agent, which a job would not see otherwise; his configuration is found by HOME. */
function usersOwn(connections: readonly Omit<JobConnection, "url">[]): Record<string, string> {
  const agent = connections.find(({ credential }) => credential?.ssh === "user")?.credential?.userEnv?.[
    "SSH_AUTH_SOCK"
  ];
  return agent === undefined ? {} : { SSH_AUTH_SOCK: agent };
}

/** Settings for every git that is started with these variables; those that `env` has stay. */
export function configEnv(settings: readonly Setting[], env: Readonly<Record<string, string>>): Record<string, string> {
  const already = Number.parseInt(env["GIT_CONFIG_COUNT"] ?? "0", 10) || 0;
  const entries = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${already + index}`, key],
    [`GIT_CONFIG_VALUE_${already + index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(already + settings.length), ...Object.fromEntries(entries) };
}
