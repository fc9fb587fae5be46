import { openAccess, type Access } from "./access.ts";
import type { CodeReference } from "./code-reference.ts";
import { startDeadline } from "./deadline.ts";
import { located } from "./failures.ts";
import { fillTarget } from "./fill-target.ts";
import { reached } from "./http/redirect.ts";
import type { Given } from "./making.ts";
import { maskedError } from "./masks.ts";
import type { MaterializeRequest } from "./request.ts";
import { openInnerWorkplace, openWorkplace, type Workplace } from "./target.ts";
import { BowlineError, isFullCommit, parseRevision } from "../lib/index.ts";

/**
 * Puts the commit's tree, with a small repository around it, into the target: all of it or nothing. Closes the resolution's session.
 * Throws a BowlineError with the request's connection and place.
 */
export function materialize(request: MaterializeRequest): Promise<CodeReference> {
  return materializeWithin(request, [], openWorkplace);
}

/** The same; `given` learns everything that came into the target, that of its submodules too. */
async function materializeWithin(
  request: MaterializeRequest,
  given: Given[],
  open: (target: string) => Promise<Workplace>,
): Promise<CodeReference> {
  const { policy, resolution, target } = request;
  const deadline = startDeadline(policy.timeouts.materialize, {
    what: `fetching "${request.url}"`,
    hint: "try again, or ask for less history; policy.timeouts.materialize sets the time",
    signal: request.signal,
  });
  let workplace: Workplace | undefined;
  let access: Access | undefined;
  try {
    access = await openAccess(request.url, request);
    checkPin(resolution);
    access = reached(access, resolution.redirectedTo);
    workplace = await open(target);
    const own: Given[] = [];
    const making = {
      ...{ request, access, workplace, deadline, given: own },
      materialize: (child: MaterializeRequest, into: Given[]) => materializeWithin(child, into, openInnerWorkplace),
    };
    const reference = await fillTarget(making);
    await workplace.remove();
    given.push(...own);
    return reference;
  } catch (error) {
    const gone = deadline.signal.aborted ? undefined : await whyGone(workplace);
    throw located(maskedError(gone ?? error, access), request);
  } finally {
    deadline.clear();
    await workplace?.remove().catch(() => {});
    if ("session" in resolution) resolution.session.close();
  }
}

/** What else went wrong follows from it: to git, objects are missing that were there. */
function whyGone(workplace: Workplace | undefined): Promise<unknown> {
  return Promise.resolve(workplace?.check()).then(
    () => undefined,
    (why: unknown) => why,
  );
}

/** A pin comes from a record, and a reference from the server's own words: both become paths and arguments of git. */
function checkPin({ commit, ref }: MaterializeRequest["resolution"]): void {
  const revision = ref === undefined ? undefined : parseRevision(ref);
  // as it stands: a line end around it would be part of the path
  const isReference = revision === undefined || (revision.kind === "ref" && revision.ref === ref);
  if (isFullCommit(commit) && isReference) return;
  throw new BowlineError({
    code: "GIT_REVISION_INVALID",
    message: `the pin ${JSON.stringify({ commit, ref }).slice(0, 200)} is no commit with its reference`,
    hint: "resolve the revision again",
  });
}
