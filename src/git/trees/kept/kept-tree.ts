import { randomUUID } from "node:crypto";
import { readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, makePrivateFolder, ownMark, writeError, type Problem } from "../../../lib/index.ts";
import type { GitOptions } from "../../../spec/index.ts";
import type { CodeReference, CommitDetails } from "../../code-reference.ts";
import { markUse } from "../../cache/use-mark.ts";
import { filterFor } from "../../objects/filter.ts";
import { readManifest, type Manifest } from "./manifest.ts";
import { DamagedTree } from "./unpack-piece.ts";

/** What a kept tree says of itself; the last file that is written into it, and so the mark that it is complete. */
export interface KeptTreeRecord {
  apiVersion: "bowline/v1";
  url: string;
  commit: string;
  /** In words, for `cache ls`. */
  options: string;
  details: CommitDetails;
  submodules: NonNullable<CodeReference["submodules"]>;
  /** Everything is in it, though its options have a filter: the server does not leave out anything. */
  unfiltered?: true;
  redirectedTo?: string;
  /** What is told each time that this is used. */
  warnings: Problem[];
  /** Every commit that is in it, and the LFS contents of one, by where it came from: the repository itself first. */
  places: { url: string; commit: string }[];
  /** Sections of `.git/config` besides those of every repository. */
  configTail: string;
  /** Of the working tree. */
  files: number;
  bytes: number;
  /** Bytes on disk, as far as no other kept tree has them too. */
  size: number;
  manifest: { size: number; crc: number };
}

export interface KeptTree {
  folder: string;
  record: KeptTreeRecord;
}

export const KEPT_RECORD = "kept.json";

/** The kept tree in this folder, if it is complete. */
export async function findKeptTree(folder: string): Promise<KeptTree | undefined> {
  const text = await readFile(join(folder, KEPT_RECORD), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const record = JSON.parse(text) as KeptTreeRecord;
    return record.apiVersion === "bowline/v1" ? { folder, record } : undefined;
  } catch {
    return undefined;
  }
}

/** What of the commit's objects is not in it. */
export function filterOf({ record }: KeptTree, options: GitOptions): string | undefined {
  return record.unfiltered ? undefined : filterFor(options);
}

/** The list of what is in it. Throws DamagedTree. */
export async function manifestOf({ folder, record }: KeptTree): Promise<Manifest> {
  const manifest = await readManifest(folder, record.manifest);
  if (manifest === undefined) throw new DamagedTree("its list of files is gone or has changed");
  return manifest;
}

/** An empty folder beside the kept trees, in which one is made. */
export async function newTreeFolder(repository: string): Promise<string> {
  const folder = join(repository, "making", `${ownMark()}-${randomUUID()}`);
  await makePrivateFolder(folder);
  return folder;
}

/** Gives the finished folder its name; when another was faster, that one stays. */
export async function publishKeptTree(made: string, folder: string, record: KeptTreeRecord): Promise<void> {
  try {
    await writeFile(join(made, KEPT_RECORD), JSON.stringify(record), { mode: 0o600, flag: "wx" });
    await makePrivateFolder(dirname(folder));
    await rename(made, folder);
  } catch (cause) {
    if (errnoOf(cause) !== "ENOTEMPTY" && errnoOf(cause) !== "EEXIST") throw writeError(folder, cause);
    await rm(made, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
}

/** Marks the tree as in use by this process, and as used now; both as far as the cache can be written. */
export async function useKeptTree({ folder }: KeptTree): Promise<{ end: () => Promise<void> }> {
  const now = new Date();
  await utimes(join(folder, KEPT_RECORD), now, now).catch(() => {});
  return markUse(folder);
}
