import { BowlineError, parseGitUrl, shownUrl, type GitUrl, type Problem } from "../../lib/index.ts";
import { inScope } from "../../connections/index.ts";
import type { Access } from "../access.ts";
import { named } from "../failures.ts";
import { holdsCredential, masksFor } from "../masks.ts";

/**
 * The repository's url after a redirect, when it may be followed: the same origin, inside the credential's scope, and still git's own path.
 * Anything else is REDIRECT_REFUSED, which names the place; no request is sent there.
 */
export function followRedirect(
  location: string | undefined,
  context: { access: Access; asked: string; suffix: string },
): GitUrl {
  const { access, asked, suffix } = context;
  const place = location !== undefined && URL.canParse(location, asked) ? new URL(location, asked).href : undefined;
  const url = place?.endsWith(suffix) === true ? repositoryAt(place.slice(0, -suffix.length)) : undefined;
  if (url !== undefined && mayLeadTo(url, access)) return url;
  const isPage = place !== undefined && new URL(place).origin === new URL(asked).origin && url === undefined;
  throw redirectRefused(access, place ?? location ?? "", isPage ? PAGE : ELSEWHERE);
}

/**
 * The same access at the place that a redirect led to. Held against origin and scope again: a redirect that was kept with a pin may be
 * older than the credential. Throws REDIRECT_REFUSED.
 */
export function reached(access: Access, redirectedTo: string | undefined): Access {
  if (redirectedTo === undefined) return access;
  const url = repositoryAt(redirectedTo);
  if (url === undefined || !mayLeadTo(url, access)) throw redirectRefused(access, redirectedTo);
  return { ...access, url };
}

/** What is told of a redirect that was followed. */
export function redirectWarning(access: Access, redirectedTo: string): Problem {
  return {
    code: "GIT_REDIRECTED",
    message: `"${access.url.text}" redirects to "${redirectedTo}"`,
    hint: `write ${redirectedTo} as the url: it saves a request each time`,
  };
}

interface Refusal {
  why: string;
  hint: string;
}

const ELSEWHERE: Refusal = {
  why: "it is another place than the credential and the url are for",
  hint: "if the repository has moved there, write its new url into the connection",
};

const PAGE: Refusal = {
  why: "it is a page, not a repository",
  hint: "check the url and the credential: many sites lead whoever they do not know to the page where one signs in",
};

/** For a place to which a redirect led already. */
export const AGAIN: Refusal = { ...ELSEWHERE, why: "one redirect is followed, not two" };

/** The error for a place that must not be asked. */
export function redirectRefused(access: Access, place: string, { why, hint }: Refusal = ELSEWHERE): BowlineError {
  const shown = place === "" ? "no place" : `"${shownUrl(masksFor(access)(place))}"`;
  return new BowlineError({
    code: "REDIRECT_REFUSED",
    message: `"${named(access.url)}" redirects to ${shown}, which is not followed: ${why}`,
    hint,
  });
}

function mayLeadTo(url: GitUrl, access: Access): boolean {
  const { url: asked, credential } = access;
  if (originOf(url) !== originOf(asked)) return false;
  return credential === undefined || (inScope(credential.scope, url) && !repeatsCredential(url, access));
}

/** It would be kept, in the target too. */
function repeatsCredential({ href }: GitUrl, access: Access): boolean {
  return holdsCredential(access, href) && !holdsCredential(access, access.url.href);
}

function repositoryAt(text: string): GitUrl | undefined {
  try {
    return parseGitUrl(text, { schemes: ["https", "http"] });
  } catch {
    return undefined;
  }
}

function originOf(url: GitUrl): string {
  return `${url.scheme}://${url.host}:${url.port ?? ""}`;
}
