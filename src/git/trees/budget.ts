import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Policy } from "../../config/index.ts";
import { BowlineError, shownUrl } from "../../lib/index.ts";
import type { Git } from "../process/open-git.ts";
import { measureTree, type Measure } from "./measure-tree.ts";

export interface BudgetOptions {
  git: Git;
  repository: string;
  commit: string;
  url: string;
  policy: Policy;
  /** Whether file contents are left out, so that their sizes are not known here. */
  withoutContents: boolean;
}

/**
 * Holds the entries of the commit's tree, and the sizes they will have on disk, against the policy, before a file is written. Returns how many
 * entries there are; undefined where the policy has no limit, and this costs nothing. Throws GIT_TOO_LARGE.
 */
export async function checkBudget(options: BudgetOptions): Promise<number | undefined> {
  const { git, repository, commit, policy, withoutContents } = options;
  const { maxFiles, maxBytes } = policy;
  if (maxFiles === undefined && maxBytes === undefined) return undefined;
  const withSizes = !withoutContents && maxBytes !== undefined;
  const measure = await measureTree({ git, repository, commit, withSizes });
  checkMeasure(measure, options);
  return measure.files;
}

/** More than the largest repositories have by far. */
const MOST_ENTRIES = 10_000_000;

/** A checkout that takes longer than this, in milliseconds, is looked at. Two million entries or so come in that time. */
const LATE = 1_000;

/**
 * Ends a checkout of more files than there are anywhere: a hundred trees can stand for 10^10 files, of each of which git makes an entry in memory before it
 * writes the first. Who is quick is not looked at. `write` ends when its signal is aborted. Throws GIT_TOO_LARGE, and what `write` throws.
 */
export async function holdUnfolding(
  { git, repository, commit, url }: Pick<BudgetOptions, "git" | "repository" | "commit" | "url">,
  write: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    const { files, folders } = await measureTree({ git, repository, commit, withSizes: false });
    if (files + folders > MOST_ENTRIES) over.abort(tooMany(url, `${files} files in ${folders} folders`));
  };
  // whatever keeps it from being measured, the checkout meets it too
  const timer = setTimeout(() => {
    looking = look().catch(() => undefined);
  }, LATE);
  try {
    await write(over.signal);
  } finally {
    clearTimeout(timer);
    await looking;
  }
}

const LOOK = 200;

/**
 * Holds what is written against the policy, while it is and afterwards: for a checkout whose contents are fetched as they are written, so that nobody
 * knows their sizes before. `write` ends when its signal is aborted. Throws GIT_TOO_LARGE, and what `write` throws.
 */
export async function holdWritten(
  { repository, policy, url }: Omit<BudgetOptions, "git" | "commit" | "withoutContents">,
  write: (signal?: AbortSignal) => Promise<void>,
): Promise<void> {
  const { maxBytes } = policy;
  if (maxBytes === undefined) return write();
  const over = new AbortController();
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    const bytes = await writtenBytes(repository);
    if (bytes > maxBytes) over.abort(exceeded(url, `has ${bytes} bytes of files or more`, `maxBytes (${maxBytes})`));
    looking = undefined;
  };
  const timer = setInterval(() => void (looking ??= look()), LOOK);
  try {
    await write(over.signal);
  } finally {
    clearInterval(timer);
    await looking;
  }
  await look();
  over.signal.throwIfAborted();
}

/** Bytes of the files of a working tree, its `.git` left out. */
export async function writtenBytes(repository: string): Promise<number> {
  return (await filesOf(repository)).bytes;
}

/** Holds what a target and its submodules have together against the policy, as each comes. `add` throws GIT_TOO_LARGE. */
export function openSum(request: BudgetedRequest): { add: (tree: string) => Promise<void> } {
  const sum = { files: 0, bytes: 0 };
  async function add(tree: string): Promise<void> {
    if (request.policy.maxFiles === undefined && request.policy.maxBytes === undefined) return;
    const { files, bytes } = await filesOf(tree);
    sum.files += files;
    sum.bytes += bytes;
    checkMeasure(sum, request);
  }
  return { add };
}

/** Holds what a tree has, however it was counted, against the policy. Throws GIT_TOO_LARGE. */
export function checkMeasure({ files, folders = 0, bytes }: Counted, request: BudgetedRequest): void {
  const { maxFiles, maxBytes } = request.policy;
  if (maxFiles !== undefined && files > maxFiles)
    throw exceeded(request.url, `has ${files} files`, `maxFiles (${maxFiles})`);
  if (maxFiles !== undefined && folders > maxFiles)
    throw exceeded(request.url, `has ${folders} folders`, `maxFiles (${maxFiles})`);
  if (maxBytes !== undefined && bytes > maxBytes)
    throw exceeded(request.url, `has ${bytes} bytes of files`, `maxBytes (${maxBytes})`);
}

type BudgetedRequest = Pick<BudgetOptions, "url" | "policy">;
/** What is on disk already has its folders. */
type Counted = Omit<Measure, "folders"> & Partial<Measure>;

/** Of a working tree, its own `.git` left out. */
async function filesOf(folder: string, leaveOut = ".git"): Promise<Counted> {
  const sum = { files: 0, bytes: 0 };
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.name === leaveOut) continue;
    const path = join(folder, entry.name);
    const more = entry.isDirectory() ? await filesOf(path, "") : { files: 1, bytes: await sizeOf(path) };
    sum.files += more.files;
    sum.bytes += more.bytes;
  }
  return sum;
}

/** 0 for what is gone by now. */
async function sizeOf(path: string): Promise<number> {
  return (await lstat(path).catch(() => undefined))?.size ?? 0;
}

function tooMany(url: string, what: string): BowlineError {
  return new BowlineError({
    code: "GIT_TOO_LARGE",
    message: `"${shownUrl(url)}" has ${what}, more than any repository has in earnest (${MOST_ENTRIES})`,
    hint: "ask for less: sparse; or have the repository split",
  });
}

function exceeded(url: string, what: string, limit: string): BowlineError {
  return new BowlineError({
    code: "GIT_TOO_LARGE",
    message: `"${shownUrl(url)}" ${what}, more than policy.${limit} allows`,
    hint: "raise the limit in the config's policy, or ask for less: sparse",
  });
}
