import { type Config, type Environment, untrustedProblem } from "../config/index.ts";
import {
  type Connection,
  type Credential,
  credentialFromSecret,
  type CredentialEntry,
  type CredentialSource,
  type FindCredential,
  httpSettings,
  inScope,
  scopeOfConnection,
  scopeOfMatch,
  withProxy,
} from "../connections/index.ts";
import { BowlineError, type GitUrl } from "../lib/index.ts";
import { credentialOfGit } from "./credential-of-git.ts";
import { readSecretOrConfigMap } from "./read-secret.ts";
import { readOutsideSecret } from "./outside-secret.ts";
import type { SecretStore } from "./secret-store.ts";

/** What a finder looks in. */
export interface FinderOptions {
  config: Config;
  store: SecretStore;
  /** The user's environment, for `from:`. */
  env: Environment;
  /** Its own secret comes first, in its own scope. */
  connection?: Connection | undefined;
}

/**
 * The finder of credentials for one step. The connection's own secret wins inside the connection's scope; everywhere else,
 * and for a connection without a secret, the `credentials:` entry with the longest prefix does. What it gives always has a
 * scope that covers the url. Throws CONFIG_UNTRUSTED when an untrusted config would have to lend a secret, and what the
 * secret store throws.
 */
export function createCredentialFinder(options: FinderOptions): FindCredential {
  const entries = options.config.catalog.credentials.map((entry) => ({ entry, scope: scopeOfMatch(entry.match) }));
  entries.sort((a, b) => b.scope.length - a.scope.length);
  const own = scopeOfConnection(options.connection);
  return async (url) => {
    const connection = own !== undefined && inScope(own, url) ? options.connection : undefined;
    if (connection?.secret !== undefined) return fromConnection({ ...options, connection }, own!, url);
    const found = entries.find(({ scope }) => inScope(scope, url));
    const credential = found && (await fromEntry({ ...options, connection }, found, url));
    return withProxyOf(connection, own, credential);
  };
}

async function fromConnection(
  options: FinderOptions & { connection: Connection },
  scope: string,
  url: GitUrl,
): Promise<Credential> {
  const { config, store, connection } = options;
  const secret = connection.secret!;
  const where = { connection: connection.name, ...(connection.place && { place: connection.place }) };
  const data = await readSecretOrConfigMap({ config, store, reference: secret, ...where });
  const source = { ...where, data, secret: secret.name, scope, source: `connection "${connection.name}"` };
  const credential = credentialFromSecret({ ...source, host: url.host, ...httpSettings(connection.schema) });
  return usable({ ...credential, secret: secret.name }, url, source);
}

async function fromEntry(
  options: FinderOptions,
  { entry, scope }: { entry: CredentialEntry; scope: string },
  url: GitUrl,
): Promise<Credential> {
  const { config, store, env, connection } = options;
  const where = {
    ...(connection && { connection: connection.name }),
    ...(entry.place && { place: entry.place }),
  };
  const base = { ...where, scope, source: `credentials entry "${entry.match}"` };
  if (entry.from !== undefined && !config.trusted) {
    throw new BowlineError(untrustedProblem(config, 'use "from:" of its credentials', entry.place));
  }
  if (entry.from === "git") return credentialOfGit(url, { ...base, env, ...(entry.proxy && { proxy: entry.proxy }) });
  const settings = { ...httpSettings(connection?.schema), ...httpSettings(entry) };
  if (entry.secret === undefined && entry.from === undefined) {
    return withProxy({ scope, source: base.source, secretValues: [] }, entry.proxy);
  }
  const [secret, data] =
    entry.from === undefined
      ? [entry.secret!.name, await readSecretOrConfigMap({ config, store, reference: entry.secret!, ...where })]
      : await readOutsideSecret(entry.from, { config, env, url, ...where });
  const source = { ...base, data, secret };
  const credential = credentialFromSecret({ ...source, host: url.host, ...settings });
  return usable({ ...credential, ...(entry.from === undefined && { secret }) }, url, source);
}

/** A secret for ssh does not open https, nor the reverse: said here, where it is known which one it is. */
function usable(
  credential: Credential,
  url: GitUrl,
  { secret, connection, place }: Pick<CredentialSource, "secret" | "connection" | "place">,
): Credential {
  const wrong = url.scheme === "ssh" ? credential.http && !credential.ssh : credential.ssh && !credential.http;
  if (!wrong) return credential;
  const [has, needs, hint] =
    url.scheme === "ssh"
      ? ["a token or password", "an ssh key", `store the key: bowline secrets set ${secret} ssh-privatekey`]
      : ["an ssh key", "a token", `use the url git@${url.host}:…, or store a token in the secret`];
  throw new BowlineError({
    code: "SECRET_INVALID",
    message: `secret "${secret}" has ${has}, and "${url.scheme}://${url.host}" needs ${needs}`,
    hint,
    ...(place && { place }),
    ...(connection !== undefined && { connection }),
  });
}

/** The proxy of a connection without a secret of its own still holds, with whatever credential was found. */
function withProxyOf(
  connection: Connection | undefined,
  scope: string | undefined,
  credential: Credential | undefined,
): Credential | undefined {
  const proxy = connection?.schema?.proxy;
  if (proxy === undefined || scope === undefined) return credential;
  return withProxy(credential ?? { scope, source: `connection "${connection!.name}"`, secretValues: [] }, proxy);
}
