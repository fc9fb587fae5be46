import {
  BowlineError,
  didYouMean,
  parseRevision,
  type ErrorCode,
  type GitUrl,
  type Problem,
  type Revision,
} from "../../lib/index.ts";
import { named } from "../failures.ts";
import type { OpenSession } from "./open-session.ts";
import type { Ref } from "./session.ts";

/** A revision's commit and, unless it was named as one, the reference it came from. */
export interface Found {
  commit: string;
  ref?: string;
  warnings: Problem[];
}

export interface FindCommitOptions {
  url: GitUrl;
  /** As the user wrote it; absent: HEAD. */
  revision?: string | undefined;
  session: OpenSession;
  /** All commits of the repository that begin with these digits; `sample` is any object of it, for the format. */
  commitsBeginningWith: (digits: string, sample: string) => Promise<string[]>;
}

const TIPS = ["refs/heads/", "refs/tags/"];

/**
 * Finds a revision in this order: full reference, whole commit, branch, tag, short commit. Throws GIT_REVISION_INVALID,
 * GIT_REVISION_NOT_FOUND with near branches, or GIT_REVISION_AMBIGUOUS.
 */
export async function findCommit(options: FindCommitOptions): Promise<Found> {
  const revision: Revision = options.revision === undefined ? { kind: "head" } : parseRevision(options.revision);
  switch (revision.kind) {
    case "head":
      return findHead(options);
    case "ref":
      return findRef(options, revision.ref);
    case "commit":
      return findWholeCommit(options, revision.commit);
    case "name":
      return findName(options, revision);
  }
}

async function findHead(options: FindCommitOptions): Promise<Found> {
  const refs = await options.session.listRefs(["HEAD"]);
  const head = refs.find(({ name }) => name === "HEAD");
  if (head !== undefined) return { commit: head.object, ...(head.target && { ref: head.target }), warnings: [] };
  throw notFound(options, "HEAD", await options.session.listRefs(TIPS));
}

async function findRef(options: FindCommitOptions, wanted: string): Promise<Found> {
  const refs = await options.session.listRefs([wanted]);
  const ref = refs.find(({ name }) => name === wanted);
  if (ref !== undefined) return { commit: commitOf(ref), ref: wanted, warnings: [] };
  throw notFound(options, wanted, await options.session.listRefs(TIPS));
}

async function findWholeCommit(options: FindCommitOptions, commit: string): Promise<Found> {
  // `undefined` is answered by the fetch, which takes this very commit or fails.
  if ((await options.session.hasObject(commit)) !== false) return { commit, warnings: [] };
  throw notFound(options, commit);
}

async function findName(options: FindCommitOptions, revision: { name: string; short?: string }): Promise<Found> {
  const { name, short } = revision;
  const branchName = `refs/heads/${name}`;
  const tagName = `refs/tags/${name}`;
  const refs = await options.session.listRefs([branchName, tagName]);
  const branch = refs.find((ref) => ref.name === branchName);
  const tag = refs.find((ref) => ref.name === tagName);
  if (branch !== undefined) {
    const differ = tag !== undefined && commitOf(tag) !== commitOf(branch);
    return { commit: commitOf(branch), ref: branchName, warnings: differ ? [bothWarning(name)] : [] };
  }
  if (tag !== undefined) return { commit: commitOf(tag), ref: tagName, warnings: [] };
  const tips = await options.session.listRefs(TIPS);
  if (short === undefined) throw notFound(options, name, tips);
  const { commits, unproven } = await beginningWith(options, short, tips);
  const [commit, another] = commits;
  if (commit === undefined) throw notFound(options, name, tips);
  if (another !== undefined) throw ambiguous(options, name, commits);
  return { commit, warnings: unproven ? [unprovenWarning(name, commit)] : [] };
}

/** So many digits nobody can give to a commit of his own on purpose. */
const SURE = 16;

/**
 * The commits that begin with the digits. A tip alone does not settle it, unless the digits are many: whoever may push can make a tip that begins as an older
 * commit does.
 */
async function beginningWith(
  options: FindCommitOptions,
  digits: string,
  tips: readonly Ref[],
): Promise<{ commits: string[]; unproven?: boolean }> {
  const onTips = [...new Set(tips.map(commitOf).filter((commit) => commit.startsWith(digits)))];
  const sample = tips[0]?.object;
  if (sample === undefined || onTips.length > 1 || (onTips.length === 1 && digits.length >= SURE))
    return { commits: onTips };
  try {
    return { commits: [...new Set([...onTips, ...(await options.commitsBeginningWith(digits, sample))])] };
  } catch (error) {
    if (onTips.length === 0 || !(error instanceof BowlineError) || !TOO_MUCH.has(error.code)) throw error;
    return { commits: onTips, unproven: true };
  }
}

/** A history that is too long to look through, or a server that does not give it without its files. */
const TOO_MUCH = new Set<ErrorCode>(["GIT_TOO_LARGE", "HOST_TIMEOUT"]);

function commitOf(ref: Ref): string {
  return ref.peeled ?? ref.object;
}

function bothWarning(name: string): Problem {
  return {
    code: "GIT_REVISION_BRANCH_AND_TAG",
    message: `"${name}" is a branch and a tag; the branch is taken`,
    hint: `write refs/heads/${name} or refs/tags/${name}`,
  };
}

function unprovenWarning(digits: string, commit: string): Problem {
  return {
    code: "GIT_SHORT_COMMIT_UNPROVEN",
    message: `"${digits}" is taken for the tip ${commit}; the history is too long to see whether an older commit begins so, too`,
    hint: "write the whole commit",
  };
}

/** Longer names of branches are not shown. */
const LONGEST_SHOWN = 300;

/** The error for a revision that the server does not have; `listed` are its branches and tags, where they were listed. */
export function notFound(
  options: Pick<FindCommitOptions, "url">,
  revision: string,
  listed?: readonly Ref[],
): BowlineError {
  const refs = listed ?? [];
  const branches = namesBelow("refs/heads/", refs).filter((name) => name.length < LONGEST_SHOWN);
  const wanted = revision.replace(/^(refs\/)?(heads\/|tags\/|remotes\/)?(origin\/)?/, "");
  const isCommit = /^[0-9a-f]{40,}$/.test(revision);
  const empty = !isCommit && listed?.length === 0;
  const list =
    branches.length > 0
      ? `its branches: ${branches.slice(0, 5).join(", ")}${branches.length > 5 ? ", …" : ""}`
      : undefined;
  return new BowlineError({
    code: "GIT_REVISION_NOT_FOUND",
    message: empty
      ? `"${named(options.url)}" is empty: it has no branch and no tag`
      : `"${named(options.url)}" has no ${isCommit ? "commit" : "branch, tag or commit"} "${revision}"`,
    hint: empty
      ? "push a commit to it"
      : (nearest(wanted, branches, refs) ??
        tooShort(revision) ??
        list ??
        "check whether it was pushed, and to this repository"),
  });
}

/** The first digits of a commit, but not enough of them to be taken for one. */
function tooShort(revision: string): string | undefined {
  return /^[0-9a-f]{4,6}$/.test(revision) ? "if it is a commit, write at least 7 of its digits" : undefined;
}

function nearest(wanted: string, branches: readonly string[], refs: readonly Ref[]): string | undefined {
  if (branches.includes(wanted)) return `did you mean "${wanted}"?`;
  return didYouMean(wanted, branches) ?? didYouMean(wanted, namesBelow("refs/tags/", refs));
}

function namesBelow(prefix: string, refs: readonly Ref[]): string[] {
  return refs.filter(({ name }) => name.startsWith(prefix)).map(({ name }) => name.slice(prefix.length));
}

function ambiguous(options: FindCommitOptions, digits: string, commits: readonly string[]): BowlineError {
  return new BowlineError({
    code: "GIT_REVISION_AMBIGUOUS",
    message: `"${digits}" is the beginning of ${commits.length} commits of "${named(options.url)}"`,
    hint: `write more digits: ${commits.slice(0, 3).join(", ")}`,
  });
}
