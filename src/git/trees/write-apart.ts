import { lstatSync, mkdirSync } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, writeContent } from "../../lib/index.ts";
import type { Git, RunOptions } from "../process/open-git.ts";
import { changesFiles, MOST_READ } from "./attributes.ts";
import { splitIndex } from "./index-parts.ts";
import { breathe } from "./kept/breathe.ts";

/** A working tree whose index is of this commit. What is there of it already is as the index says. */
export interface Indexed {
  repository: string;
  commit: string;
  signal?: AbortSignal | undefined;
}

const WRITERS = 2;
/** Bytes of an index of some 300,000 entries: it has to be held here, and once more in parts. */
const LARGEST = 32 * 1024 * 1024;
const CHECK_OUT = ["-c", "checkout.workers=1", "checkout-index", "--all", "--force", "--index", "--quiet"];

/**
 * Writes the files by two gits at once, of which each has an index of its own with half of them. (git's own way, checkout.workers, hands each file from one
 * process to the other and back, and takes hardly less time than one alone.) Links come last, so that no git meets one that it did not make. False
 * where one git has to do it; then the index is as it was.
 */
export async function writeApart(git: Git, { repository, commit, signal }: Indexed): Promise<boolean> {
  const gitFolder = join(repository, ".git");
  const index = await readIndexFile(join(gitFolder, "index"));
  const parts = index && splitIndex(index, { oidBytes: commit.length / 2, parts: WRITERS });
  const options = { cwd: repository, ...(signal && { signal }) };
  if (parts?.attributes === undefined || (await changeFiles(git, parts.attributes, options))) return false;
  if (!(await makeFolders(repository, parts.folders, signal))) return false;
  const checkOut = async (part: Buffer, place: number): Promise<Buffer> => {
    const file = join(gitFolder, `index-${place}`);
    await writeContent(file, part);
    await git.run(CHECK_OUT, { ...options, env: { GIT_INDEX_FILE: file } });
    const written = await readFile(file);
    await rm(file);
    return written;
  };
  const writing = parts.files.map(checkOut);
  // no git is left at work in a folder that is about to be removed
  await Promise.allSettled(writing);
  const written = await Promise.all(writing);
  for (const part of parts.others) written.push(await checkOut(part, written.length));
  const joined = parts.join(written);
  if (joined !== undefined) await writeContent(join(gitFolder, "index"), joined);
  return joined !== undefined;
}

async function readIndexFile(file: string): Promise<Buffer | undefined> {
  const { size } = await stat(file);
  return size > LARGEST ? undefined : readFile(file);
}

/** Whether any of these attributes may make git write files otherwise than they are: then each git would have to know all of them. */
async function changeFiles(git: Git, attributes: readonly string[], options: RunOptions): Promise<boolean> {
  if (attributes.length === 0) return false;
  const input = attributes.map((object) => `${object}\n`).join("");
  const read = async (how: string): Promise<Buffer> => (await git.run(["cat-file", how], { ...options, input })).stdout;
  const sizes = (await read("--batch-check=%(objectsize)")).toString("latin1").split("\n");
  const few = sizes.reduce((sum, size) => sum + Number(size), 0) < MOST_READ;
  return !few || changesFiles(await read("--batch"));
}

/** Some ten milliseconds of work. */
const AT_ONCE = 500;

/** False where that cannot be done, which git knows to tell; or something else is there: a link may lead anywhere. */
async function makeFolders(repository: string, folders: Iterable<string>, signal?: AbortSignal): Promise<boolean> {
  const root = Buffer.from(`${repository}/`);
  let made = 0;
  for (const folder of folders) {
    if (++made % AT_ONCE === 0) await breathe(signal);
    const path = Buffer.concat([root, Buffer.from(folder, "latin1")]);
    try {
      mkdirSync(path);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST" || !lstatSync(path).isDirectory()) return false;
    }
  }
  return true;
}
