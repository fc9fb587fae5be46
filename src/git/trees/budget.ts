import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Policy } from "../../config/index.ts";
import { BowlineError, shownUrl } from "../../lib/index.ts";
import type { Git } from "../process/open-git.ts";

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
 * Holds the entries of the commit's tree, and the sizes they will have on disk, against the policy, before a file is written.
 * Throws GIT_TOO_LARGE. Costs nothing where the policy has no limit.
 */
export async function checkBudget(options: BudgetOptions): Promise<void> {
  const { git, repository, commit, policy, withoutContents } = options;
  const { maxFiles, maxBytes } = policy;
  if (maxFiles === undefined && maxBytes === undefined) return;
  const long = withoutContents || maxBytes === undefined ? [] : ["-l"];
  const { stdout } = await git.run(["ls-tree", "-r", "-z", "--full-tree", ...long, commit], { cwd: repository });
  const { files, bytes } = measure(stdout);
  if (maxFiles !== undefined && files > maxFiles)
    throw exceeded(options.url, `has ${files} files`, `maxFiles (${maxFiles})`);
  if (maxBytes !== undefined && bytes > maxBytes)
    throw exceeded(options.url, `has ${bytes} bytes of files`, `maxBytes (${maxBytes})`);
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
  return (await filesBelow(repository, new Set([".git"]))).bytes;
}

/** Holds what a target and its submodules have together against the policy, as each comes. `add` throws GIT_TOO_LARGE. */
export function openSum(request: BudgetedRequest): { add: (tree: string) => Promise<void> } {
  const sum = { files: 0, bytes: 0 };
  async function add(tree: string): Promise<void> {
    if (request.policy.maxFiles === undefined && request.policy.maxBytes === undefined) return;
    const { files, bytes } = await filesBelow(tree, new Set([".git"]));
    sum.files += files;
    sum.bytes += bytes;
    checkKept(sum, request);
  }
  return { add };
}

/** Holds a tree that was made earlier, perhaps under another policy, against that of today. Throws GIT_TOO_LARGE. */
export function checkKept({ files, bytes }: { files: number; bytes: number }, request: BudgetedRequest): void {
  const { maxFiles, maxBytes } = request.policy;
  if (maxFiles !== undefined && files > maxFiles)
    throw exceeded(request.url, `has ${files} files`, `maxFiles (${maxFiles})`);
  if (maxBytes !== undefined && bytes > maxBytes)
    throw exceeded(request.url, `has ${bytes} bytes of files`, `maxBytes (${maxBytes})`);
}

type BudgetedRequest = Pick<BudgetOptions, "url" | "policy">;

async function filesBelow(folder: string, without = new Set<string>()): Promise<{ files: number; bytes: number }> {
  const sum = { files: 0, bytes: 0 };
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (without.has(entry.name)) continue;
    const path = join(folder, entry.name);
    const more = entry.isDirectory() ? await filesBelow(path) : { files: 1, bytes: await sizeOf(path) };
    sum.files += more.files;
    sum.bytes += more.bytes;
  }
  return sum;
}

/** 0 for what is gone by now. */
async function sizeOf(path: string): Promise<number> {
  return (await lstat(path).catch(() => undefined))?.size ?? 0;
}

/** Entries `mode type object size TAB path NUL`; the size is "-" for a submodule, and absent without `-l`. */
function measure(listing: Buffer): { files: number; bytes: number } {
  let files = 0;
  let bytes = 0;
  for (let at = 0; at < listing.length;) {
    const end = listing.indexOf(0, at);
    if (end === -1) break;
    const entry = listing.toString("latin1", at, Math.min(end, at + 120));
    bytes += Number(/^\d+ \w+ [0-9a-f]+ +(\d+)\t/.exec(entry)?.[1] ?? 0);
    files += 1;
    at = end + 1;
  }
  return { files, bytes };
}

function exceeded(url: string, what: string, limit: string): BowlineError {
  return new BowlineError({
    code: "GIT_TOO_LARGE",
    message: `"${shownUrl(url)}" ${what}, more than policy.${limit} allows`,
    hint: "raise the limit in the config's policy, or ask for less: sparse",
  });
}
