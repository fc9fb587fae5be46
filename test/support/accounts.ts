import type { IncomingHttpHeaders } from "node:http";

/** Somebody the server knows: by user name and password, or by a token. */
export interface Account {
  username?: string;
  password?: string;
  /** Let in as a bearer token, and as the password of any user name, or only of `username` where that is set. */
  token?: string;
  /** Owners (`org`) or repositories (`org/repo`) that may be seen; everything when absent. */
  access?: string[];
}

/** What a request's Authorization header makes of it. */
export type Identity = "nobody" | "unknown" | Account;

export function identify(headers: IncomingHttpHeaders, accounts: readonly Account[]): Identity {
  const { authorization } = headers;
  if (authorization === undefined) return "nobody";
  const [scheme = "", value = ""] = authorization.split(" ");
  if (scheme.toLowerCase() === "bearer") return accounts.find(({ token }) => token === value) ?? "unknown";
  if (scheme.toLowerCase() !== "basic") return "unknown";
  const decoded = Buffer.from(value, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  const username = decoded.slice(0, colon);
  const password = decoded.slice(colon + 1);
  return (
    accounts.find(
      (account) =>
        (account.username === undefined || account.username === username) &&
        (account.token ?? account.password) === password,
    ) ?? "unknown"
  );
}

/** Whether a path (`/org/repo.git/info/refs`) is one of these owners or repositories. */
export function covers(prefixes: readonly string[] | undefined, path: string): boolean {
  if (prefixes === undefined) return true;
  const segments = path.slice(1).replaceAll(/\.git(?=\/|$)/g, "");
  return prefixes.some((prefix) => segments === prefix || segments.startsWith(`${prefix}/`));
}
