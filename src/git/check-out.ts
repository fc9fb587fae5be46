import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bothOrFirstError } from "./both.ts";
import { planOf, type Given, type Made, type Making } from "./making.ts";
import type { Git } from "./process/open-git.ts";
import { attributesDiffer } from "./trees/attributes.ts";
import { checkBudget, holdWritten } from "./trees/budget.ts";
import { configText, finishConfig, pointHead, writeFiles } from "./trees/checkout.ts";
import { commitDetails, readCommit } from "./trees/commit-details.ts";
import type { EarlyFiles } from "./trees/early/early-files.ts";
import { forgetIndex, indexOf } from "./trees/index-file.ts";
import type { Base } from "./trees/kept/reuse.ts";
import { addContents } from "./trees/lfs.ts";
import { addSubmodules } from "./trees/submodules.ts";
import { warnOfVersionFromGit } from "./trees/version-from-git.ts";
import type { Problem } from "../lib/index.ts";

/** What is known of a commit before it is checked out. */
export interface Known {
  /** The commit's own content. */
  content?: Buffer | undefined;
  /** What the workplace begins as. */
  base?: Base | undefined;
  filter?: string | undefined;
  /** What was written of it while it came. */
  early?: EarlyFiles | undefined;
}

/** What is in the workplace then. */
export interface CheckedOut extends Omit<Made, "timings" | "cache"> {
  warnings: Problem[];
  configTail: string;
  /** What the server left out. */
  filter?: string | undefined;
  /** What the checkout began as, where it was not empty. */
  base?: Base | undefined;
}

/** The files, their LFS contents and submodules; `bytes` are those that came for these. */
export async function checkOut(making: Making, git: Git, { content, base, filter, early }: Known): Promise<CheckedOut> {
  const { request, access, workplace, deadline, given } = making;
  const { policy, url } = request;
  const { commit } = request.resolution;
  const { tree: repository, folder } = workplace;
  const plan = planOf(making, filter);
  const withoutContents = filter !== undefined;
  const isPlain = base === undefined && !withoutContents && request.options.sparse.length === 0;
  const files = await checkBudget({ git, repository, commit, url, policy, withoutContents });
  // not beside the writing of files, whose processes read HEAD too
  await pointHead(plan);
  const { written, counted, left = files ?? 0 } = early?.finish() ?? { written: false, counted: false };
  const seen = content && commitDetails(content);
  const reading = seen ?? readCommit(git, { repository, commit, url });
  let anew = false;
  const write = async (signal?: AbortSignal): Promise<void> => {
    anew = await writeFiles(git, plan, { signal, counted, many: isPlain && left > MANY });
  };
  const writing = withoutContents
    ? holdWritten({ repository, url, policy }, write)
    : written
      ? Promise.resolve()
      : write();
  const [, details] = await bothOrFirstError(writing, reading);
  const usable = base !== undefined && !anew && (await isStillBase(base, { repository, commit }));
  if (base !== undefined && !anew && !usable) {
    await forgetIndex(repository);
    await writeFiles(git, plan);
  }
  const tree = { request, access, commit, tree: repository, git, folder, signal: deadline.signal };
  const contents = await addContents(tree);
  if (contents.from !== undefined) given.push({ access: contents.from, what: lfsOf(commit) });
  await finishConfig(plan);
  const added = await addSubmodules({
    ...tree,
    gitFolder: join(repository, ".git"),
    materialize: (child) => making.materialize(child, given),
  });
  const config = await readFile(join(repository, ".git/config"), "utf8");
  const version = plan.shallow ? await warnOfVersionFromGit(repository) : undefined;
  return {
    ...details,
    submodules: added.submodules,
    bytes: contents.bytes + added.bytes,
    warnings: [...(version === undefined ? [] : [version]), ...contents.warnings],
    configTail: config.slice(configText(plan).length),
    filter,
    ...(usable && { base }),
  };
}

/** Of so many objects that are not written two gits make their files sooner than one. */
const MANY = 5_000;

async function isStillBase(
  base: Base,
  { repository, commit }: { repository: string; commit: string },
): Promise<boolean> {
  const index = await indexOf(repository, commit);
  return index !== undefined && !attributesDiffer(base.index, index);
}

/** The name of a commit's LFS contents, beside that of the commit. */
function lfsOf(commit: string): Given["what"] {
  return `lfs of ${commit}`;
}
