import { ALL_SCHEMES, parseGitUrl, type GitUrl } from "../lib/index.ts";
import type { Connection } from "./connection.ts";

/*
 * A scope is the prefix of a url: scheme, host, port and path segments, without a user name. One that ends with "/" covers
 * what is below it; any other also the path itself, with or without a final `.git`, since git servers answer to both.
 * Over ssh `host:team/x` and `ssh://host/team/x` count as one path, as they are on every forge.
 */

/**
 * The scope of the secret that the connection of this url names: scheme, host, port and owner (the first path segment).
 * A repository right below its host has no owner; its scope is the repository alone.
 */
export function scopeOf(url: GitUrl): string {
  const segments = pathOf(url).split("/").slice(1);
  const owner = segments.slice(0, ownerLength(url)).join("/");
  return `${origin(url)}/${owner}${segments.length > ownerLength(url) ? "/" : ""}`;
}

/** The scope of the secret that this connection names; absent for one without a url. */
export function scopeOfConnection(connection: Connection | undefined): string | undefined {
  const url = connection?.schema?.url;
  return typeof url === "string" ? scopeOf(parseGitUrl(url, { schemes: ALL_SCHEMES })) : undefined;
}

/**
 * The scope of a `match:` prefix. With a final "/" it is what lies below. Throws what parseGitUrl does; a prefix needs a
 * scheme, and for ssh may have no path.
 */
export function scopeOfMatch(match: string): string {
  const hostOnly = /^[a-z]+:\/\/[^/]+\/?$/i.test(match);
  const url = parseGitUrl(hostOnly ? `${match.replace(/\/$/, "")}/-` : match);
  if (hostOnly) return `${origin(url)}/`;
  return `${origin(url)}${pathOf(url)}${match.endsWith("/") ? "/" : ""}`;
}

/** Whether the url is covered by the scope. Whole path segments count, letters are compared as they are. */
export function inScope(scope: string, url: GitUrl): boolean {
  const start = origin(url);
  if (!scope.startsWith(`${start}/`)) return false;
  const prefix = scope.slice(start.length);
  const path = pathOf(url);
  if (prefix.endsWith("/")) return path.startsWith(prefix);
  const bare = prefix.replace(/\.git$/, "");
  return path.startsWith(bare) && /^(\.git)?(\/|$)/.test(path.slice(bare.length));
}

/**
 * The same repository as the scope's own kind of url would have it: a submodule that is written over ssh, below a scope
 * that has a token, is asked for over https, and the reverse. Host and path must agree; port and scheme are the scope's,
 * so that what comes out is always inside it. Absent when the url has nothing to do with the scope.
 */
export function urlInScopeOf(url: GitUrl, scope: string): GitUrl | undefined {
  if (inScope(scope, url)) return url;
  const [base, scheme, host] = /^(https?|ssh):\/\/([^/:[]+|\[[^\]]*\])(?::\d+)?/.exec(scope) ?? [];
  if (base === undefined || host !== url.host || (scheme === "ssh") === (url.scheme === "ssh")) return undefined;
  const translated = parseGitUrl(scheme === "ssh" ? base.replace("://", "://git@") + url.path : base + pathOf(url));
  return inScope(scope, translated) ? translated : undefined;
}

/** The url without its path and user: what a scope begins with. */
function origin(url: GitUrl): string {
  return `${url.scheme}://${url.host}${url.port === undefined ? "" : `:${url.port}`}`;
}

function pathOf(url: GitUrl): string {
  return url.scheme === "ssh" ? url.path.replace(/^\/~(?=\/)/, "") : url.path;
}

// Azure DevOps puts a version before the organisation in its ssh urls: ssh.dev.azure.com/v3/org/project/repo.
function ownerLength(url: GitUrl): number {
  const azure = url.host === "ssh.dev.azure.com" || url.host === "vs-ssh.visualstudio.com";
  return azure && url.path.startsWith("/v3/") ? 2 : 1;
}
