import { readFile } from "node:fs/promises";
import type { Git } from "../../process/open-git.ts";
import type { IndexEntry } from "../git-index.ts";

/**
 * The first of the files that is not what git makes of its object: it converts line ends and the like when it writes. Some of what it writes it
 * would not convert back to the same (gitattributes, `text` of a file that has both line ends): then it is asked to convert once more.
 */
export async function notAsGitWrites(
  entries: readonly IndexEntry[],
  git: Git,
  tree: string,
): Promise<IndexEntry | undefined> {
  const asked = entries.filter(({ path }) => isOneLine(path));
  const changed = await notTakenBack(asked, git, tree);
  for (const some of portions(changed.filter(({ size }) => size <= LARGEST))) {
    const wrong = await notWrittenSo(some, git, tree);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** Of what git reads as a list: a name that begins with a quote is taken for a C string, and CR LF for the end of a line. */
function isOneLine(path: string): boolean {
  return !/["\n]|\r$/.test(path);
}

async function notTakenBack(entries: readonly IndexEntry[], git: Git, tree: string): Promise<readonly IndexEntry[]> {
  if (entries.length === 0) return [];
  const input = linesOf(entries.map(({ path }) => path));
  const { code, stdout } = await git.run(["hash-object", "--stdin-paths"], { cwd: tree, input, expected: [128] });
  const objects = stdout.toString().split("\n");
  return code === 0 ? entries.filter(({ object }, index) => objects[index] !== object) : entries;
}

/** git says the size that the object has before it is converted: how long a content is must be known from the file. */
async function notWrittenSo(entries: readonly IndexEntry[], git: Git, tree: string): Promise<IndexEntry | undefined> {
  const input = linesOf(entries.map(({ object, path }) => `${object} ${path}`));
  const { stdout } = await git.run(["cat-file", "--batch", "--filters"], { cwd: tree, input });
  let at = 0;
  for (const entry of entries) {
    const path = Buffer.concat([Buffer.from(`${tree}/`), Buffer.from(entry.path, "latin1")]);
    const file = await readFile(path).catch(() => undefined);
    const start = stdout.indexOf(10, at) + 1;
    const end = start + (file?.length ?? 0);
    if (file === undefined || !file.equals(stdout.subarray(start, end)) || stdout[end] !== 10) return entry;
    at = end + 1;
  }
  return undefined;
}

/** So that not all contents are in memory at a time. */
function portions(entries: readonly IndexEntry[]): IndexEntry[][] {
  const all: IndexEntry[][] = [];
  let room = 0;
  for (const entry of entries) {
    if (all.length === 0 || entry.size > room) {
      all.push([]);
      room = MOST_BYTES;
    }
    all.at(-1)!.push(entry);
    room -= entry.size;
  }
  return all;
}

const MOST_BYTES = 32 * 1024 * 1024;
/** What git converts it has in memory whole, and then we, too: a larger one is not compared. */
const LARGEST = 64 * 1024 * 1024;

function linesOf(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(""), "latin1");
}
