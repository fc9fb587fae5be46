import type { GitUrl } from "../../lib/index.ts";

/** An IPv6 address as the system's own calls take it. */
export function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** The port of an http or https url. */
export function portOf({ scheme, port }: Pick<GitUrl, "scheme" | "port">): number {
  return port ?? (scheme === "https" ? 443 : 80);
}
