import type { Provider } from "./connection.ts";
import type { Credential } from "./credential.ts";
import { providerOf, tokenUsername } from "./provider.ts";
import type { SecretText } from "./secret-text.ts";

export interface HttpSettings {
  host: string;
  provider?: Provider;
  auth?: "basic" | "bearer";
  /** The user name that goes with a bare token. */
  username?: string;
}

/** The part of a credential for http, and the texts to mask. */
export interface HttpPart {
  http: NonNullable<Credential["http"]>;
  secretValues: string[];
}

/** Key of a git credential, as the Polyaxon page has it: a token, or `user:password`. */
export const GIT_CREDENTIALS_KEY = "POLYAXON_GIT_CREDENTIALS";

/** What the secret holds for http; absent when it has none of the keys. */
export function httpFromSecret(text: SecretText, settings: HttpSettings): HttpPart | undefined {
  const pair = pairOf(text);
  if (pair === undefined) return undefined;
  const { key, username, password } = pair;
  if (settings.auth === "bearer") {
    if (username !== undefined) {
      throw text.invalid(
        key,
        'holds a user name and a password, but "auth: bearer" sends a token alone',
        "remove auth: bearer, or store the token alone (one that has a colon in it as :TOKEN)",
      );
    }
    // RFC 9110, section 5.5: what a header field may be made of.
    if (!/^[\x21-\x7e]+$/.test(password)) {
      throw text.invalid(key, "cannot be sent as a bearer token", "a token is made of visible ASCII characters");
    }
    return { http: { kind: "bearer", token: password }, secretValues: [password] };
  }
  const user = username ?? settings.username ?? tokenUsername(providerOf(settings.host, settings.provider), password);
  return basic({ username: user, password });
}

/** Basic authentication with this user name and password. */
export function basic(pair: { username: string; password: string }): HttpPart {
  const { username, password } = pair;
  // A token may stand in the place of the user name, with nothing or a word as its password.
  const tokenFirst = password === "" || password === "x-oauth-basic";
  return {
    http: { kind: "basic", username, password },
    secretValues: [tokenFirst ? username : password, `${username}:${password}`],
  };
}

function pairOf(text: SecretText): { key: string; username?: string; password: string } | undefined {
  const credentials = text.line(GIT_CREDENTIALS_KEY);
  if (credentials !== undefined) return { key: GIT_CREDENTIALS_KEY, ...splitCredentials(text, credentials) };
  const password = text.line("password");
  const username = text.line("username");
  if (password === undefined) {
    if (username === undefined) return undefined;
    throw text.invalid("username", 'has no "password" beside it', 'store the key "password" too');
  }
  // RFC 7617, section 2: the first colon ends the user name.
  if (username?.includes(":")) throw text.invalid("username", "holds a colon", "a user name cannot have one");
  return { key: "password", password, ...(username !== undefined && { username }) };
}

/** `user:password`, split at the first colon; a bare token; or `:TOKEN`, a bare token that may have colons in it. */
function splitCredentials(text: SecretText, value: string): { username?: string; password: string } {
  const colon = value.indexOf(":");
  if (colon < 0) return { password: value };
  if (colon > 0) return { username: value.slice(0, colon), password: value.slice(colon + 1) };
  if (value === ":") throw text.invalid(GIT_CREDENTIALS_KEY, "is empty", "write a token, or user:password");
  return { password: value.slice(1) };
}
