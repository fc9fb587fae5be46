import { randomUUID } from "node:crypto";
import { link, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, isThere, listIfThere, makeFolder, ownMark, readIfThere, withFileLock } from "../../lib/index.ts";
import { takeAway } from "../cache/take-away.ts";
import type { CacheFolder } from "./cache-folder.ts";
import { digest } from "./digest.ts";
import { makeEmptyRepository } from "./empty-repository.ts";
import { readShallow } from "./shallow-file.ts";

/**
 * The objects of single commits (depth 1) of one url and domain: a bare repository in which each commit that is there whole has a reference, and is
 * in `shallow`. Objects come in as finished packs and are named last, so that what has a reference is complete, whoever is killed when.
 */
export interface BareRepository {
  gitFolder: string;
  /** Taken for every write. */
  lock: string;
}

/** A commit, and the tag that it was asked for by. */
export interface Wanted {
  commit: string;
  tag?: string | undefined;
}

/** In which each commit that is there whole has a reference of its name. */
export const COMMIT_REFS = "refs/bowline";
/** Enough for a server to find what is in common; each is a line of the request. */
const MOST_HAVES = 16;

export function bareRepository(cache: Pick<CacheFolder, "repository">): BareRepository {
  return {
    gitFolder: join(cache.repository, "depth-1.git"),
    lock: join(cache.repository, "locks", "depth-1.lock"),
  };
}

/** Whether the commit is there, with the tag if one was asked for; then it counts as used now. */
export async function hasCommit({ gitFolder }: BareRepository, wanted: Wanted): Promise<boolean> {
  const ref = join(gitFolder, COMMIT_REFS, wanted.commit);
  const now = new Date();
  const found = await utimes(ref, now, now).then(
    () => true,
    (error: unknown) => errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ENOTDIR",
  );
  return found && (wanted.tag === undefined || (await tagObject({ gitFolder }, wanted)) !== undefined);
}

/** The object that the tag pointed to when the commit was fetched by it. */
export async function tagObject(
  { gitFolder }: Pick<BareRepository, "gitFolder">,
  wanted: Wanted,
): Promise<string | undefined> {
  return wanted.tag === undefined ? undefined : referenceIn(gitFolder, tagRef(wanted));
}

/** What a reference that has a file of its own points to. */
export async function referenceIn(gitFolder: string, name: string): Promise<string | undefined> {
  const text = await readIfThere(join(gitFolder, name));
  return /^[0-9a-f]{40,64}$/.exec(text?.trim() ?? "")?.[0];
}

/** Whether the history that is there ends with this commit because its parents were left out. */
export async function isShallowAt(gitFolder: string, commit: string): Promise<boolean> {
  return (await readShallow(gitFolder)).includes(commit);
}

/** Notes that the history that is there ends with this commit. */
export async function endHistoryAt({ gitFolder, lock }: BareRepository, commit: string): Promise<void> {
  await withFileLock(lock, () => addShallow(gitFolder, commit));
}

/** The commits that were used last: what a server may leave out. */
export async function newestCommits(bare: BareRepository): Promise<string[]> {
  return (await commitRefs(bare)).slice(0, MOST_HAVES).map(({ commit }) => commit);
}

/** Every commit that is there, with the time of its last use in milliseconds; the one used last first. */
export async function commitRefs({
  gitFolder,
}: Pick<BareRepository, "gitFolder">): Promise<{ commit: string; path: string; time: number }[]> {
  const folder = join(gitFolder, COMMIT_REFS);
  const names = await listIfThere(folder);
  const refs = names
    .filter((name) => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(name))
    .map(async (commit) => {
      const path = join(folder, commit);
      return { commit, path, time: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 };
    });
  return (await Promise.all(refs)).sort((a, b) => b.time - a.time);
}

/** When any of its commits was used last, in milliseconds. */
export async function newestUse(gitFolder: string): Promise<number> {
  const [newest] = await commitRefs({ gitFolder }).catch(() => []);
  return newest?.time ?? (await stat(gitFolder).catch(() => undefined))?.mtimeMs ?? 0;
}

/** Where a repository for one fetch is made: whoever begins one there removes it. */
export function incomingFolder(cache: CacheFolder): string {
  return join(cache.repository, "incoming", `${ownMark()}-${randomUUID()}`);
}

/** A repository of its own for one fetch, which sees the objects that are there. */
export async function makeIncoming(
  gitFolder: string,
  options: { bare: BareRepository; commit: string; remote: string; haves: readonly string[] },
): Promise<void> {
  const { bare, commit, remote, haves } = options;
  // git would follow every reference of the kept repository too, past the end of histories that only that one knows
  const config = `${remote}[core]\n\talternateRefsPrefixes = refs/none\n`;
  await makeEmptyRepository({ gitFolder, commit, bare: true, config });
  if (haves.length === 0) return;
  await writeFile(join(gitFolder, "objects/info/alternates"), `${join(bare.gitFolder, "objects")}\n`);
  await writeFile(join(gitFolder, "shallow"), haves.map((have) => `${have}\n`).join(""));
}

/**
 * Takes in what a fetch brought, unless it does not stand on its own, because what it was fetched on top of is gone meanwhile. The packs are linked,
 * so that the incoming repository stays whole.
 */
export async function takeIn(
  bare: BareRepository,
  incoming: string,
  { wanted, haves, shallow }: { wanted: Wanted; haves: readonly string[]; shallow: boolean },
): Promise<void> {
  const { gitFolder } = bare;
  await withFileLock(bare.lock, async () => {
    if (!(await isThere(join(gitFolder, "HEAD")))) {
      await makeEmptyRepository({ gitFolder, commit: wanted.commit, bare: true });
    }
    for (const have of haves) if (!(await isThere(join(gitFolder, COMMIT_REFS, have)))) return;
    await linkPacks(join(incoming, "objects/pack"), join(gitFolder, "objects/pack"));
    if (shallow) await addShallow(gitFolder, wanted.commit);
    if (wanted.tag !== undefined) {
      const object = (await readIfThere(join(incoming, wanted.tag))) ?? `${wanted.commit}\n`;
      await writeWhole(join(gitFolder, tagRef(wanted)), object);
    }
    await writeWhole(join(gitFolder, COMMIT_REFS, wanted.commit), `${wanted.commit}\n`);
  });
}

/** Takes a damaged repository out of the way, in one step. */
export async function setRepositoryAside({ gitFolder, lock }: BareRepository): Promise<void> {
  await withFileLock(lock, () => takeAway(gitFolder));
}

function tagRef({ commit, tag }: Wanted): string {
  return `${COMMIT_REFS}-tags/${digest([commit, tag])}`;
}

/** The index of a pack is what makes it known: it comes last. */
async function linkPacks(from: string, to: string): Promise<void> {
  await makeFolder(to);
  const names = (await readdir(from)).filter((name) => /^pack-[0-9a-f]+\.(pack|rev|idx)$/.test(name));
  const order = (name: string): number => (name.endsWith(".idx") ? 1 : 0);
  for (const name of names.sort((a, b) => order(a) - order(b))) {
    await link(join(from, name), join(to, name)).catch((cause: unknown) => {
      if (errnoOf(cause) !== "EEXIST") throw cause;
    });
  }
}

async function addShallow(gitFolder: string, commit: string): Promise<void> {
  const lines = await readShallow(gitFolder);
  if (!lines.includes(commit)) await writeWhole(join(gitFolder, "shallow"), [...lines, commit, ""].join("\n"));
}

/** The old content or the new one, also for who is killed or has no space. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await makeFolder(dirname(path));
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, text, { mode: 0o600 });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
