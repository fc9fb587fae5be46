import { BowlineError, parseGitUrl, shownUrl, type GitUrl } from "../../lib/index.ts";
import { inScope } from "../../connections/index.ts";
import type { Access } from "../access.ts";
import { named } from "../failures.ts";

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
  const sameOrigin = url !== undefined && originOf(url) === originOf(access.url);
  if (sameOrigin && (access.credential === undefined || inScope(access.credential.scope, url))) return url;
  throw redirectRefused(access, place ?? location ?? "");
}

/** The error for a place that must not be asked. */
export function redirectRefused(access: Access, place: string): BowlineError {
  const shown = shownUrl(place);
  return new BowlineError({
    code: "REDIRECT_REFUSED",
    message: `"${named(access.url)}" redirects to "${shown}", which is not followed: it is another place than the credential and the url are for`,
    hint: "if the repository has moved there, write its new url into the connection",
  });
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
