import { BowlineError, withoutBrackets, type GitUrl } from "../../lib/index.ts";
import type { Network } from "../../config/index.ts";

/**
 * The proxy for a url: the credential's own, else the one of the proxy variables unless NO_PROXY names the host (as curl reads them).
 * Throws PROXY_FAILED for what is no http or https proxy.
 */
export function proxyFor(
  url: Pick<GitUrl, "scheme" | "host" | "port">,
  network: Network,
  own: string | undefined,
): URL | undefined {
  const fromEnvironment = url.scheme === "https" ? network.httpsProxy : network.httpProxy;
  const text = own ?? (withoutProxy(url, network.noProxy) ? undefined : (fromEnvironment ?? network.allProxy));
  if (text === undefined || text === "") return undefined;
  const withScheme = text.includes("://") ? text : `http://${text}`;
  const proxy = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (proxy?.protocol === "http:" || proxy?.protocol === "https:") return proxy;
  throw new BowlineError({
    code: "PROXY_FAILED",
    message: `the proxy for "${url.host}" is not an http or https url`,
    hint: "write http://HOST:PORT as `proxy:` of the connection or credentials entry, or in the proxy variable",
  });
}

/** The proxy as messages name it: without its user name and password. */
export function shownProxy(proxy: URL): string {
  return `${proxy.protocol}//${proxy.host}`;
}

function withoutProxy(url: { host: string; port?: number }, noProxy: string | undefined): boolean {
  const host = withoutBrackets(url.host);
  return (noProxy ?? "").split(/[\s,]+/).some((entry) => {
    if (entry === "*") return true;
    const [, name = "", port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(
      entry.includes("]") || entry.split(":").length < 3 ? entry : `[${entry}]`,
    )!;
    if (port !== undefined && Number(port) !== url.port) return false;
    const bare = name.toLowerCase().replace(/^\*?\./, "");
    return bare !== "" && (host === bare || host.endsWith(`.${bare}`));
  });
}
