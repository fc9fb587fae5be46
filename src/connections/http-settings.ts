import type { CredentialEntry, GitSchema } from "./connection.ts";

/** What a connection's schema or a `credentials:` entry says of how a token is used over http; only what it says. */
export function httpSettings(
  from: GitSchema | CredentialEntry | undefined,
): Pick<CredentialEntry, "provider" | "auth" | "username" | "proxy"> {
  const { provider, auth, username, proxy } = from ?? {};
  return {
    ...(provider && { provider }),
    ...(auth && { auth }),
    ...(username && { username }),
    ...(proxy && { proxy }),
  };
}
