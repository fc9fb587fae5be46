import type { GitUrl } from "../../lib/index.ts";

/** Whether it is asked over http or https, and not by git over ssh or from a folder. */
export function isHttp({ scheme }: Pick<GitUrl, "scheme">): boolean {
  return scheme === "https" || scheme === "http";
}

/** The port of an http or https url. */
export function portOf({ scheme, port }: Pick<GitUrl, "scheme" | "port">): number {
  return port ?? (scheme === "https" ? 443 : 80);
}
