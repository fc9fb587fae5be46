import { notFound } from "../server/find-commit.ts";
import type { PackSource } from "../server/open-session.ts";
import type { Ref } from "../server/session.ts";
import type { EarlyFetchOptions } from "./fetch-options.ts";

/** Which objects are asked for, and which references stand for them here when they have come. */
export interface FetchPlan {
  /** The commit first. */
  wants: string[];
  /** Under the names that they get here. */
  refs: Ref[];
}

/**
 * Decides what is asked for: the commit alone, the tag that it was found by, all tags, or all branches and tags for more than a number of commits.
 * References are listed only where they are needed. Throws GIT_REVISION_NOT_FOUND for a tag that is gone.
 */
export async function planFetch(options: EarlyFetchOptions, source: PackSource): Promise<FetchPlan> {
  const { commit } = options;
  const refs = await refsWanted(options, source);
  return { wants: [commit, ...refs.map(({ object }) => object)], refs };
}

async function refsWanted({ access, ref, request }: EarlyFetchOptions, source: PackSource): Promise<Ref[]> {
  const { history, tags } = request.options;
  const everything = typeof history !== "number";
  if (everything || tags) {
    const listed = await source.listRefs(everything ? [BRANCHES, TAGS] : [TAGS]);
    return listed.map((one) => ({ ...one, name: one.name.replace(/^refs\/heads\//, "refs/remotes/origin/") }));
  }
  // the tag itself, so that the job can see which one it has
  if (ref?.startsWith(TAGS) !== true) return [];
  const tag = await source.findRef(ref);
  if (tag === undefined) throw notFound({ url: access.url }, ref);
  return [tag];
}

const BRANCHES = "refs/heads/";
const TAGS = "refs/tags/";
