import type { Access } from "./access.ts";
import type { CodeReference, CommitDetails } from "./code-reference.ts";
import type { Deadline } from "./deadline.ts";
import type { MaterializeRequest, Resolution } from "./request.ts";
import type { Workplace } from "./target.ts";
import type { RepositoryPlan } from "./trees/checkout.ts";

/** One target while it is made: what every way of making it works with. */
export interface Making {
  request: MaterializeRequest;
  access: Access;
  workplace: Workplace;
  deadline: Deadline;
  /** Everything that came into the target. */
  given: Given[];
  /** How a submodule is made: as any other repository. */
  materialize: (request: MaterializeRequest, given: Given[]) => Promise<CodeReference>;
}

/** A commit, or the LFS contents of one, and what it was asked with. */
export interface Given {
  access: Access;
  what: string;
}

/** Runs a piece of work as one phase: told by events, timed. */
export interface Phases {
  <T>(name: "fetch" | "checkout" | "copy", work: () => Promise<T>): Promise<T>;
  /** Milliseconds. */
  timings: { fetch: number; checkout: number; copy: number };
}

export function openPhases({ onEvent }: MaterializeRequest): Phases {
  const timings = { fetch: 0, checkout: 0, copy: 0 };
  async function phase<T>(name: keyof typeof timings, work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    onEvent?.({ phase: name, state: "start" });
    const result = await work();
    timings[name] += Math.round(performance.now() - started);
    onEvent?.({ phase: name, state: "end" });
    return result;
  }
  return Object.assign(phase, { timings });
}

/** The repository that the request asks for, in the workplace; `filter` is what the server left out, which is known when it has sent the rest. */
export function planOf(
  { request, workplace }: Pick<Making, "request" | "workplace">,
  filter?: RepositoryPlan["filter"],
): RepositoryPlan {
  const { options, resolution } = request;
  return {
    repository: workplace.tree,
    commit: resolution.commit,
    ref: resolution.ref,
    originUrl: request.url.trim(),
    shallow: typeof options.history === "number",
    filter,
    sparse: options.sparse,
  };
}

/** What a way of making a target says of it. */
export interface Made extends CommitDetails, Pick<CodeReference, "bytes" | "cache"> {
  submodules: NonNullable<CodeReference["submodules"]>;
  /** Where the server's repository is, if a redirect that resolving had not met led there. */
  redirectedTo?: string;
  timings: Phases["timings"];
}

export function codeReference(request: MaterializeRequest, made: Made): CodeReference {
  const { connection, revision, resolution, target, shownPath } = request;
  const { submodules, timings, cache, bytes, tree, author, date, subject } = made;
  const redirectedTo = resolution.redirectedTo ?? made.redirectedTo;
  return {
    ...(connection !== undefined && { connection }),
    url: request.url.trim(),
    ...(redirectedTo !== undefined && { redirectedTo }),
    ...(revision !== undefined && { revision }),
    ...(resolution.ref !== undefined && { ref: resolution.ref }),
    commit: resolution.commit,
    ...{ tree, author, date, subject },
    path: shownPath ?? target,
    ...(submodules.length > 0 && { submodules }),
    by: "engine",
    history: request.options.history,
    ...{ bytes, cache },
    timings: { resolve: "took" in resolution ? resolution.took : 0, ...timings },
    at: new Date().toISOString(),
  };
}

/** What is known of the server, where it was asked in this process. */
export function sessionOf({ resolution }: MaterializeRequest): Resolution["session"] | undefined {
  return "session" in resolution ? resolution.session : undefined;
}
