import type { GitUrl } from "../lib/index.ts";

/**
 * A scope is the prefix of a url: scheme, host, port and path segments, without a user name. One that ends with "/" covers
 * what is below it; any other also the path itself, with or without a final `.git`, since git servers answer to both.
 */

/**
 * The scope of the secret that the connection of this url names: scheme, host, port and owner (the first path segment).
 * A repository right below its host has no owner; its scope is the repository alone.
 */
export function scopeOf(url: GitUrl): string {
  const segments = url.path.split("/").filter((segment) => segment !== "");
  const owner = segments.slice(0, ownerLength(url));
  const below = segments.length > owner.length || segments.length === 0;
  return `${origin(url)}/${owner.join("/")}${below && owner.length > 0 ? "/" : ""}`;
}

/** Whether the url is covered by the scope. Whole path segments count, letters are compared as they are. */
export function inScope(scope: string, url: GitUrl): boolean {
  const start = origin(url);
  if (!scope.startsWith(`${start}/`)) return false;
  const prefix = scope.slice(start.length);
  if (prefix.endsWith("/")) return url.path.startsWith(prefix);
  const bare = prefix.replace(/\.git$/, "");
  return url.path.startsWith(bare) && /^(\.git)?(\/|$)/.test(url.path.slice(bare.length));
}

/**
 * The same repository as the scope's own kind of url would have it: a submodule that is written over ssh, below a scope
 * that has a token, is asked for over https, and the reverse. Host and path must agree; port and scheme are the scope's,
 * so that what comes out is always inside it. Absent when the url has nothing to do with the scope.
 */
export function urlInScopeOf(url: GitUrl, scope: string): GitUrl | undefined {
  if (inScope(scope, url)) return url;
  const [, scheme, host, port] = /^(https?|ssh):\/\/([^/:]+|\[[^\]]*\])(?::(\d+))?\//.exec(scope) ?? [];
  if (host !== url.host || url.scheme === "file" || (scheme === "ssh") === (url.scheme === "ssh")) return undefined;
  const translated: GitUrl = { scheme: scheme as "https", host, path: url.path, href: "", text: "" };
  if (port !== undefined) translated.port = Number(port);
  if (scheme === "ssh") translated.user = "git";
  const user = translated.user === undefined ? "" : `${translated.user}@`;
  translated.href = `${scheme}://${user}${host}${port === undefined ? "" : `:${port}`}${url.path}`;
  translated.text = translated.href;
  return inScope(scope, translated) ? translated : undefined;
}

/** The url without its path and user: what a credential's scope begins with. */
function origin(url: GitUrl): string {
  return `${url.scheme}://${url.host}${url.port === undefined ? "" : `:${url.port}`}`;
}

// Azure DevOps puts a version before the organisation in its ssh urls: ssh.dev.azure.com/v3/org/project/repo.
function ownerLength(url: GitUrl): number {
  const azure = url.host === "ssh.dev.azure.com" || url.host === "vs-ssh.visualstudio.com";
  return azure && url.path.startsWith("/v3/") ? 2 : 1;
}
