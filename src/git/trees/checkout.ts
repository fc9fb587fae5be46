import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder, writeError } from "../../lib/index.ts";
import { makeEmptyRepository, repositoryConfig, type EmptyRepository } from "../objects/empty-repository.ts";
import { quoted } from "../process/git-config.ts";
import type { Git } from "../process/open-git.ts";
import { holdUnfolding } from "./budget.ts";
import { hasEncodingBelow } from "./encodings.ts";
import { forgetIndex } from "./index-file.ts";
import { SPARSE_CONFIG, sparsePatterns } from "./sparse.ts";
import { writeApart } from "./write-apart.ts";

/** A repository of its own for one commit: where it comes from and which branch it stands on. */
export interface RepositoryPlan {
  /** The folder that holds `.git` and the files. */
  repository: string;
  commit: string;
  /** Full name of the branch or tag asked for. */
  ref?: string | undefined;
  /** What the job will see as `origin`. */
  originUrl: string;
  /** Whether only some commits are there. */
  shallow: boolean;
  /** What of the commit's objects is not here, and is asked for when it is needed: `origin` is then git's promisor. */
  filter?: string | undefined;
  /** Folders to check out; empty: all. */
  sparse: readonly string[];
}

/** Makes the repository with `origin` at the place that is fetched from. */
export async function prepareRepository(plan: RepositoryPlan, fetchUrl: string): Promise<void> {
  const gitFolder = join(plan.repository, ".git");
  await makeEmptyRepository({ gitFolder, ...configParts({ ...plan, originUrl: fetchUrl }) });
  if (plan.sparse.length > 0) await write(join(gitFolder, "info/sparse-checkout"), sparsePatterns(plan.sparse));
}

/** Points HEAD at the branch that was asked for, which follows `origin`'s so that `git pull` works, or at the commit itself. */
export async function pointHead(plan: RepositoryPlan): Promise<void> {
  const gitFolder = join(plan.repository, ".git");
  const branch = branchOf(plan.ref);
  if (branch === undefined) return write(join(gitFolder, "HEAD"), `${plan.commit}\n`);
  await Promise.all([
    write(join(gitFolder, "HEAD"), `ref: refs/heads/${branch}\n`),
    write(join(gitFolder, "refs/heads", branch), `${plan.commit}\n`),
    writeIfAbsent(join(gitFolder, "refs/remotes/origin", branch), `${plan.commit}\n`),
  ]);
}

export interface WriteOptions {
  signal?: AbortSignal | undefined;
  /** Whether it is known that they are not more than there can be. */
  counted?: boolean;
  /** Whether they are many, and nothing is there but what the index says, which is of this commit. */
  many?: boolean;
}

/**
 * Writes index and files: many by two gits, others by one with two writers (checkout.workers), but for encodings that these would write wrongly. Symbolic links
 * of the repository are made as git makes them. Gives whether all files were written anew, those that were there already among them.
 */
export async function writeFiles(
  git: Git,
  plan: RepositoryPlan,
  { signal, counted = false, many = false }: WriteOptions = {},
): Promise<boolean> {
  const { repository, commit, originUrl: url } = plan;
  const run = (words: readonly string[], ending?: AbortSignal): Promise<unknown> =>
    git.run([...words, commit], { cwd: repository, ...(ending && { signal: ending }) });
  let anew = false;
  const write = async (ending?: AbortSignal): Promise<void> => {
    if (many) {
      await run(["read-tree", "--reset"], ending);
      if (await writeApart(git, { repository, commit, signal: ending })) return;
    }
    await run(["read-tree", "--reset", "-u"], ending);
    anew = await hasEncodingBelow(git, plan);
    if (!anew) return;
    await forgetIndex(repository);
    await run(["-c", "checkout.workers=1", "read-tree", "--reset", "-u"], ending);
  };
  if (counted) await write(signal);
  else {
    await holdUnfolding({ git, repository, commit, url }, (over) =>
      write(signal === undefined ? over : AbortSignal.any([signal, over])),
    );
  }
  return anew;
}

/** The configuration that stays: `origin` under its clean url, and nothing of a credential, proxy or trust; `tail` is added as it is. */
export async function finishConfig(plan: RepositoryPlan, tail = ""): Promise<void> {
  await write(join(plan.repository, ".git/config"), configText(plan) + tail);
}

/** What `finishConfig` writes. */
export function configText(plan: RepositoryPlan): string {
  return repositoryConfig(configParts(plan));
}

/** `origin` alone, for a repository that is only fetched into. */
export function originSection(plan: Pick<RepositoryPlan, "originUrl" | "ref" | "shallow">): string {
  const branch = branchOf(plan.ref);
  const followed = plan.shallow && branch !== undefined ? branch : "*";
  return [
    '[remote "origin"]',
    `\turl = ${quoted(plan.originUrl)}`,
    `\tfetch = ${quoted(`+refs/heads/${followed}:refs/remotes/origin/${followed}`)}`,
    "",
  ].join("\n");
}

function configParts(plan: RepositoryPlan): Omit<EmptyRepository, "gitFolder"> {
  const branch = branchOf(plan.ref);
  const lines = [
    ...(plan.filter === undefined ? [] : ["\tpromisor = true", `\tpartialclonefilter = ${plan.filter}`]),
    ...(branch === undefined
      ? []
      : [`[branch ${quoted(branch)}]`, "\tremote = origin", `\tmerge = ${quoted(`refs/heads/${branch}`)}`]),
  ];
  const promisor = plan.filter === undefined ? {} : { promisor: "origin" };
  const core = plan.sparse.length > 0 ? SPARSE_CONFIG : {};
  return {
    commit: plan.commit,
    core,
    config: originSection(plan) + lines.map((line) => `${line}\n`).join(""),
    ...promisor,
    bare: false,
  };
}

function branchOf(ref: string | undefined): string | undefined {
  return ref?.startsWith("refs/heads/") === true ? ref.slice("refs/heads/".length) : undefined;
}

async function write(path: string, text: string, flag: "w" | "wx" = "w"): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await writeFile(path, text, { flag });
  } catch (cause) {
    throw writeError(path, cause);
  }
}

/** A fetch of all branches has written it already, perhaps at a newer commit. */
async function writeIfAbsent(path: string, text: string): Promise<void> {
  await write(path, text, "wx").catch((error: unknown) => {
    const cause = error instanceof Error ? error.cause : undefined;
    if ((cause as NodeJS.ErrnoException | undefined)?.code !== "EEXIST") throw error;
  });
}
