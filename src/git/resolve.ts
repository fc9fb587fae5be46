import { openAccess, type Access } from "./access.ts";
import { startDeadline, type Deadline } from "./deadline.ts";
import { located, warn } from "./failures.ts";
import { isHttp } from "./http/place.ts";
import { reached, redirectWarning } from "./http/redirect.ts";
import { maskedError } from "./masks.ts";
import type { GitRequest, Resolution } from "./request.ts";
import { withRetries } from "./retry.ts";
import { findCommit, type Found } from "./server/find-commit.ts";
import { openGitSession } from "./server/git-session.ts";
import { openHttpSession } from "./server/http-session.ts";
import type { OpenSession } from "./server/open-session.ts";
import { mayFilter } from "./server/session.ts";
import { commitsBeginningWith } from "./server/short-commit.ts";
import { parseRevision } from "../lib/index.ts";

const TRIES = 3;

/**
 * Turns a revision into a commit, by asking the server. The session in the answer is to be closed, or given to `materialize`.
 * Throws a BowlineError with the request's connection and place: the url, the policy, the connection, the credential or the revision.
 */
export async function resolve(request: GitRequest): Promise<Resolution> {
  const started = performance.now();
  request.onEvent?.({ phase: "resolve", state: "start" });
  let access: Access | undefined;
  try {
    if (request.revision !== undefined) parseRevision(request.revision);
    access = await openAccess(request.url, request);
    const { found, session } = await ask(access, request);
    const { redirectedTo } = session;
    const warnings = [
      ...found.warnings,
      ...(redirectedTo === undefined ? [] : [redirectWarning(access, redirectedTo)]),
    ];
    const told = warnings.map((warning) => warn(request, warning));
    request.onEvent?.({ phase: "resolve", state: "end", detail: found.commit });
    return {
      commit: found.commit,
      ...(found.ref !== undefined && { ref: found.ref }),
      ...(redirectedTo !== undefined && { redirectedTo }),
      session,
      took: Math.round(performance.now() - started),
      warnings: told,
    };
  } catch (error) {
    throw located(maskedError(error, access), request);
  }
}

async function ask(access: Access, request: GitRequest): Promise<{ found: Found; session: OpenSession }> {
  const { policy, signal } = request;
  const deadline = startDeadline(policy.timeouts.resolve, {
    what: `resolving "${access.url.text}"`,
    hint: "check the host in the url and the network of this machine; policy.timeouts.resolve sets the time",
    signal,
  });
  const session = await openSession({ access, request, deadline });
  try {
    const found = await withRetries(
      () =>
        findCommit({
          url: access.url,
          revision: request.revision,
          session,
          commitsBeginningWith(digits, sample) {
            // this has a time of its own
            deadline.clear();
            const reach = { access: reached(access, session.redirectedTo), request };
            return commitsBeginningWith(digits, { ...reach, sample, filtered: mayFilter(session) });
          },
        }),
      { url: access.url, request, deadline, tries: TRIES },
    );
    return { found, session };
  } catch (error) {
    session.close();
    throw error;
  } finally {
    deadline.clear();
  }
}

async function openSession(options: { access: Access; request: GitRequest; deadline: Deadline }): Promise<OpenSession> {
  const { access, request, deadline } = options;
  if (isHttp(access.url)) return openHttpSession(access, request, deadline.signal);
  return openGitSession(access, request, deadline.signal);
}
