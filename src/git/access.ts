import type { Policy } from "../config/index.ts";
import { inScope, type Credential } from "../connections/index.ts";
import { BowlineError, parseGitUrl, type GitUrl } from "../lib/index.ts";
import { named } from "./failures.ts";
import type { GitRequest } from "./request.ts";

/** A url that may be asked, and what it may be asked with. */
export interface Access {
  url: GitUrl;
  credential?: Credential;
}

/**
 * Reads the url, holds it against the policy and finds the credential whose scope covers it.
 * Throws GIT_URL_INVALID, POLICY_REFUSED, PLAIN_HTTP_REFUSED, or what `findCredential` throws.
 */
export async function openAccess(
  text: string,
  request: Pick<GitRequest, "policy" | "findCredential">,
): Promise<Access> {
  const { policy } = request;
  const url = parseGitUrl(text, { schemes: policy.schemes });
  checkPolicy({ url }, policy);
  const credential = await request.findCredential(url);
  // The finder's duty; checked again here because everything else relies on it.
  if (credential === undefined || !inScope(credential.scope, url)) return { url };
  checkPolicy({ url, credential }, policy);
  return { url, credential };
}

/** Whether the policy lets this url be asked with this credential. Throws POLICY_REFUSED or PLAIN_HTTP_REFUSED. */
export function checkPolicy({ url, credential }: Access, policy: Policy): void {
  refuseHost(url, policy);
  if (credential !== undefined) refusePlainHttp({ url, credential }, policy);
}

function refuseHost(url: GitUrl, { hosts }: Policy): void {
  if (hosts === undefined || url.scheme === "file") return;
  const allowed = hosts.some((host) => (host.startsWith("*.") ? url.host.endsWith(host.slice(1)) : host === url.host));
  if (allowed) return;
  throw new BowlineError({
    code: "POLICY_REFUSED",
    message: `the host "${url.host}" of "${named(url)}" is not one that the policy allows`,
    hint: `use one of ${hosts.join(", ")}, or add the host to policy.hosts of the config`,
  });
}

function refusePlainHttp({ url, credential }: Required<Access>, policy: Policy): void {
  if (url.scheme !== "http" || credential.http === undefined) return;
  if (isLoopback(url.host) || policy.plainHttpHosts.includes(url.host)) return;
  throw new BowlineError({
    code: "PLAIN_HTTP_REFUSED",
    message: `the credential of ${credential.source} would go over plain http to "${named(url)}"`,
    hint: `write https://, or add "${url.host}" to policy.plainHttpHosts of the config`,
  });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
