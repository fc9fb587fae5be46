import type { Plan } from "../../compile/index.ts";
import type { Config } from "../../config/index.ts";
import {
  httpSettings,
  inScope,
  providerOf,
  scopeOfConnection,
  scopeOfMatch,
  tokenUsername,
  type ResourceReference,
} from "../../connections/index.ts";
import type { MountedConnection } from "../../git/index.ts";
import { ALL_SCHEMES, parseGitUrl } from "../../lib/index.ts";
import type { CredentialFolder } from "../initializer-words.ts";

/** One secret of a service: which key, and where the container has it. */
export interface ServiceSecret {
  source: string;
  target: string;
}

/** Secrets by reference: files beside the compose file, one a key. */
export interface ComposeSecrets {
  /** The keys of a secret in a folder of a container. */
  inFolder: (secret: ResourceReference, folder: string) => ServiceSecret[];
  /** A file of variables, `KEY=value` a line, with these keys of the secret. */
  variables: (secret: ResourceReference) => string;
  /** The credential for a git step: its connection's secret, else that of `credentials:`. */
  forStep: (step: { url: string; connection?: string }, folder: string) => StepSecret | undefined;
  /** The same for plain git in a container. */
  forJob: (name: string, folder: string) => { connection: MountedConnection; secrets: ServiceSecret[] } | undefined;
  /** Top-level `secrets:`. */
  files: () => Record<string, { file: string }>;
  needed: () => { path: string; what: string }[];
}

interface StepSecret {
  credential: CredentialFolder;
  secrets: ServiceSecret[];
}

const BESIDE = "./secrets";
const TOKEN_KEY = "POLYAXON_GIT_CREDENTIALS";

export async function createComposeSecrets(
  plan: Plan,
  { config, keysOf }: { config: Config; keysOf: (secret: string) => Promise<readonly string[] | undefined> },
): Promise<ComposeSecrets> {
  const { credentials } = config.catalog;
  const references = [...Object.values(plan.connections), ...credentials].flatMap(({ secret }) => secret ?? []);
  const keys = new Map(
    await Promise.all(references.map(async ({ name }) => [name, await keysOf(name).catch(() => undefined)] as const)),
  );
  const files = new Map<string, string>();
  const needed = new Map<string, string>();

  function inFolder({ name, items }: ResourceReference, folder: string): ServiceSecret[] {
    return (items ?? keys.get(name) ?? [TOKEN_KEY]).map((key) => {
      const source = `${name}-${key}`.toLowerCase().replaceAll(/[^a-z0-9_-]/g, "-");
      const path = `${BESIDE}/${name}/${key}`;
      files.set(source, path);
      needed.set(path, `the key ${key} of the secret ${name}`);
      return { source, target: `${folder}/${key}` };
    });
  }

  function variables({ name, items }: ResourceReference): string {
    const path = `${BESIDE}/${name}.env`;
    const known = items ?? keys.get(name);
    needed.set(
      path,
      `KEY=value, a line for each key of the secret ${name}${known === undefined ? "" : `: ${known.join(", ")}`}`,
    );
    return path;
  }

  function find(text: string, name: string | undefined) {
    const url = parseGitUrl(text, { schemes: ALL_SCHEMES });
    const connection = name === undefined ? undefined : plan.connections[name];
    const scope = scopeOfConnection(connection);
    if (connection?.secret !== undefined && scope !== undefined && inScope(scope, url)) {
      const source = `connection "${connection.name}"`;
      return { url, secret: connection.secret, scope, source, settings: httpSettings(connection.schema) };
    }
    const [entry] = credentials
      .filter(({ match }) => inScope(scopeOfMatch(match), url))
      .sort((one, other) => other.match.length - one.match.length);
    if (entry?.secret === undefined) return undefined;
    const source = `credentials entry "${entry.match}"`;
    return { url, secret: entry.secret, scope: scopeOfMatch(entry.match), source, settings: httpSettings(entry) };
  }

  return {
    inFolder,
    variables,
    forStep({ url, connection }, folder) {
      const found = find(url, connection);
      if (found === undefined) return undefined;
      const { scope, source, secret, settings } = found;
      const named = connection === undefined ? {} : { connection };
      const credential = { scope, source, secret: secret.name, ...named, folder, ...settings };
      return { credential, secrets: inFolder(secret, folder) };
    },
    forJob(name, folder) {
      const { kind, schema } = plan.connections[name] ?? {};
      const url = schema?.url;
      if (url === undefined || (kind !== "git" && kind !== "ssh")) return undefined;
      const found = find(url, name);
      if (found === undefined) return { connection: { name, url }, secrets: [] };
      const { scope, secret, settings } = found;
      const secrets = inFolder(secret, folder);
      const username = settings.username ?? tokenUsername(providerOf(found.url.host, settings.provider), "");
      const known = secrets.map(({ target }) => target.slice(folder.length + 1));
      const proxy = settings.proxy === undefined ? {} : { proxy: settings.proxy };
      return { connection: { name, url, secret: { folder, scope, username, keys: known, ...proxy } }, secrets };
    },
    files: () => Object.fromEntries([...files].map(([source, file]) => [source, { file }])),
    needed: () => [...needed].map(([path, what]) => ({ path, what })),
  };
}
