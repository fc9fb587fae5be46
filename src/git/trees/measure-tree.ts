import { entriesOf, treeOfCommit } from "../objects/tree-entries.ts";
import type { Git } from "../process/open-git.ts";

export interface MeasureOptions {
  git: Git;
  repository: string;
  commit: string;
  /** Whether sizes are asked for, which needs the contents to be here. */
  withSizes: boolean;
}

/** What a checkout of the commit would write: files, links and submodules, the folders that they are in, and the bytes of files and links. */
export interface Measure {
  files: number;
  /** Those without a file among them, which git goes through as well. */
  folders: number;
  bytes: number;
}

/**
 * Measures a commit's tree without unfolding it: a tree that is in many places is read once, so that a hundred trees which stand for 10^10 files
 * take no longer than any other hundred.
 */
export async function measureTree({ git, repository, commit, withSizes }: MeasureOptions): Promise<Measure> {
  const run = async (args: string[], input?: Buffer | string): Promise<Buffer> =>
    (await git.run(args, { cwd: repository, ...(input !== undefined && { input }) })).stdout;
  const listing = ["rev-list", "--objects", "--no-object-names", "--no-walk", "--filter=blob:none", commit];
  const { trees, root } = readTrees(await run(["cat-file", "--batch", "--buffer"], await run(listing)));
  const blobs = new Set([...trees.values()].flatMap(({ files }) => files));
  const sizes = withSizes
    ? readSizes(await run(["cat-file", "--batch-check=%(objectname) %(objectsize)"], [...blobs].join("\n")))
    : new Map<string, number>();
  return root === undefined ? { files: 0, folders: 0, bytes: 0 } : sumOf(root, trees, sizes);
}

/** Objects, each as often as it is an entry. */
interface Tree {
  files: string[];
  submodules: number;
  folders: string[];
}

/** Objects as `cat-file --batch` gives them: `name type size`, the content, a newline. */
function readTrees(batch: Buffer): { trees: Map<string, Tree>; root: string | undefined } {
  const trees = new Map<string, Tree>();
  let root: string | undefined;
  for (let at = 0; at < batch.length;) {
    const start = batch.indexOf(10, at) + 1;
    const [name = "", type, size] = batch.toString("latin1", at, start - 1).split(" ");
    const end = start + Number(size ?? 0);
    const content = batch.subarray(start, end);
    if (type === "commit") root = treeOfCommit(content);
    if (type === "tree") trees.set(name, readTree(content, name.length / 2));
    at = end + 1;
  }
  return { trees, root };
}

function readTree(content: Buffer, oidBytes: number): Tree {
  const tree: Tree = { files: [], submodules: 0, folders: [] };
  for (const { mode, object } of entriesOf(content, oidBytes).entries) {
    const kind = Number.parseInt(mode, 8) & KIND;
    if (kind === FOLDER) tree.folders.push(object);
    else if (kind === SUBMODULE) tree.submodules += 1;
    else tree.files.push(object);
  }
  return tree;
}

const KIND = 0o170000;
const FOLDER = 0o040000;
const SUBMODULE = 0o160000;

function readSizes(listing: Buffer): Map<string, number> {
  const lines = listing.toString("latin1").split("\n");
  return new Map(lines.map((line) => [line.split(" ")[0]!, Number(line.split(" ")[1]) || 0]));
}

/** Without recursion: a chain of trees may be as long as a server likes. */
function sumOf(root: string, trees: ReadonlyMap<string, Tree>, sizes: ReadonlyMap<string, number>): Measure {
  const done = new Map<string, Measure>();
  for (const open = [root]; open.length > 0;) {
    const name = open.at(-1)!;
    const { files, submodules, folders } = trees.get(name) ?? NOTHING;
    const missing = done.has(name) ? [] : folders.filter((folder) => !done.has(folder));
    if (missing.length > 0) {
      // one by one: as arguments of one call there can be too many of them
      for (const folder of new Set(missing)) open.push(folder);
      continue;
    }
    open.pop();
    if (done.has(name)) continue;
    const sum = { files: files.length + submodules, folders: folders.length, bytes: 0 };
    for (const file of files) sum.bytes += sizes.get(file) ?? 0;
    for (const folder of folders) {
      const below = done.get(folder)!;
      sum.files += below.files;
      sum.folders += below.folders;
      sum.bytes += below.bytes;
    }
    done.set(name, sum);
  }
  return done.get(root)!;
}

const NOTHING: Tree = { files: [], submodules: 0, folders: [] };
