import type { GitUrl } from "../lib/index.ts";

/** What git needs to be let in, and the only place it may be sent to. Never serialised, never logged. */
export interface Credential {
  /** Normal form of a url prefix (see GitUrl.href); nothing outside of it ever gets the credential. */
  scope: string;
  /** For messages: `connection "repo-test"`, `credentials entry "https://git.corp/team/"`. Holds no secret. */
  source: string;
  /** Name of the secret in the store that it was read from, for what to do when it is refused. */
  secret?: string;
  http?: { kind: "basic"; username: string; password: string } | { kind: "bearer"; token: string };
  /** `"user"`: the user's own ssh configuration, agent and known_hosts (`from: git`). */
  ssh?: "user" | { privateKey: string; passphrase?: string };
  /** With `ssh: "user"`: what the user's ssh needs of his environment (HOME, USER, SSH_AUTH_SOCK, GIT_SSH_COMMAND …). */
  userEnv?: Readonly<Record<string, string>>;
  /** Lines of a known_hosts file. */
  knownHosts?: string;
  /** PEM certificates trusted in addition. */
  ca?: string;
  /** Proxy url of the connection or entry; wins over proxy variables. */
  proxy?: string;
  /** Every text that must not appear anywhere: for masking. */
  secretValues: readonly string[];
}

/** The credential whose scope covers the url, if there is one. Throws a BowlineError when its secret is not usable. */
export type FindCredential = (url: GitUrl) => Promise<Credential | undefined>;
