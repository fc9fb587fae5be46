import { BowlineError, type Place } from "../lib/index.ts";
import type { Provider } from "./connection.ts";
import type { Credential } from "./credential.ts";
import { httpFromSecret, type HttpSettings } from "./http-from-secret.ts";
import { withProxy } from "./proxy.ts";
import { SecretText } from "./secret-text.ts";
import { sshFromSecret } from "./ssh-from-secret.ts";

/** What a secret is turned into a credential with. */
export interface CredentialSource {
  /** The keys and values of the secret. */
  data: ReadonlyMap<string, Buffer>;
  /** The secret's name, for messages. */
  secret: string;
  /** The host it is for, which tells the provider when none is stated. */
  host: string;
  scope: string;
  /** See Credential.source. */
  source: string;
  /** The connection's name, for messages. */
  connection?: string;
  /** Where the secret is named, for messages. */
  place?: Place;
  provider?: Provider;
  auth?: "basic" | "bearer";
  username?: string;
  proxy?: string;
}

/**
 * The credential a secret holds. Over http, `POLYAXON_GIT_CREDENTIALS` comes before `username` and `password`; over ssh,
 * `ssh-privatekey` before `id_ed25519`, `id_ecdsa`, `id_rsa` and other `id_*`. A secret may hold both, and may hold no more
 * than `known_hosts` or `ca.crt`. SECRET_INVALID when a value cannot be used, or when there is nothing git could use.
 */
export function credentialFromSecret(source: CredentialSource): Credential {
  const text = new SecretText(source);
  const settings: HttpSettings = { host: source.host };
  if (source.provider !== undefined) settings.provider = source.provider;
  if (source.auth !== undefined) settings.auth = source.auth;
  if (source.username !== undefined) settings.username = source.username;
  const http = httpFromSecret(text, settings);
  const ssh = sshFromSecret(text);
  const knownHosts = text.lines("known_hosts");
  const ca = text.lines("ca.crt");
  if (ca !== undefined && !ca.includes("-----BEGIN CERTIFICATE-----")) {
    throw text.invalid("ca.crt", "is not a PEM certificate", "store the authority's certificate in PEM form");
  }
  if (!http && !ssh && knownHosts === undefined && ca === undefined) throw nothingForGit(source);
  const credential: Credential = {
    scope: source.scope,
    source: source.source,
    secretValues: [...(http?.secretValues ?? []), ...(ssh?.secretValues ?? [])],
  };
  if (http) credential.http = http.http;
  if (ssh) credential.ssh = ssh.ssh;
  if (knownHosts !== undefined) credential.knownHosts = knownHosts;
  if (ca !== undefined) credential.ca = ca;
  return withProxy(credential, source.proxy);
}

function nothingForGit({ data, secret, connection, place }: CredentialSource): BowlineError {
  const keys = [...data.keys()].map((key) => `"${key}"`).join(", ");
  return new BowlineError({
    code: "SECRET_INVALID",
    message: `secret "${secret}" has ${keys === "" ? "no keys" : `nothing that git can use (its keys: ${keys})`}`,
    hint: `store a token: bowline secrets set ${secret} POLYAXON_GIT_CREDENTIALS (or ssh-privatekey and known_hosts for ssh)`,
    ...(place && { place }),
    ...(connection !== undefined && { connection }),
  });
}
