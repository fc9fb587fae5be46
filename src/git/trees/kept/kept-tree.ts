import { randomUUID } from "node:crypto";
import { rename, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { errnoOf, makePrivateFolder, ownMark, readRecord, writeError, type Problem } from "../../../lib/index.ts";
import type { GitOptions } from "../../../spec/index.ts";
import type { CodeReference, CommitDetails } from "../../code-reference.ts";
import { takeAway } from "../../cache/take-away.ts";
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
  const { crc, ...record } = (await readRecord(join(folder, KEPT_RECORD))) ?? {};
  const isAsWritten = record["apiVersion"] === "bowline/v1" && crc === crc32(JSON.stringify(record));
  return isAsWritten ? { folder, record: record as unknown as KeptTreeRecord } : undefined;
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

/** Gives the finished folder its name; when another was faster, that one stays. What has this name and is no kept tree goes, and is told. */
export async function publishKeptTree(
  made: string,
  folder: string,
  record: KeptTreeRecord,
): Promise<DamagedTree | undefined> {
  try {
    const crc = crc32(JSON.stringify(record));
    await writeFile(join(made, KEPT_RECORD), JSON.stringify({ crc, ...record }), { mode: 0o600, flag: "wx" });
    await makePrivateFolder(dirname(folder));
    if (await tookName(made, folder)) return undefined;
    if ((await findKeptTree(folder)) === undefined) {
      await takeAway(folder);
      if (await tookName(made, folder)) return new DamagedTree("what it says of itself was gone or had changed");
    }
  } catch (cause) {
    throw writeError(folder, cause);
  }
  await rm(made, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  return undefined;
}

/** False where something has it already. */
async function tookName(made: string, folder: string): Promise<boolean> {
  return rename(made, folder).then(
    () => true,
    (error: unknown) => {
      if (!TAKEN.has(errnoOf(error) ?? "")) throw error;
      return false;
    },
  );
}

const TAKEN: ReadonlySet<string> = new Set(["ENOTEMPTY", "EEXIST", "ENOTDIR"]);

/** Marks the tree as in use by this process, and as used now; both as far as the cache can be written. */
export async function useKeptTree({ folder }: KeptTree): Promise<{ end: () => Promise<void> }> {
  const now = new Date();
  await utimes(join(folder, KEPT_RECORD), now, now).catch(() => {});
  return markUse(folder);
}
