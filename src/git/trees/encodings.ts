import type { Git } from "../process/open-git.ts";
import { isAttributes, MOST_READ } from "./attributes.ts";
import { indexWithAttributesBelow } from "./index-file.ts";

/**
 * Whether attributes of a folder below the top ask for another encoding of its files (gitattributes, "working-tree-encoding"). git's parallel checkout
 * has forgotten the encoding's name when it comes to write them (seen in 2.39: files as they are in the repository, or an error that no one is told of).
 */
export async function hasEncodingBelow(git: Git, { repository, commit }: CheckedOutCommit): Promise<boolean> {
  const index = await indexWithAttributesBelow(repository, commit);
  const below =
    index?.entries.filter(({ path, skipped }) => !skipped && path.includes("/") && isAttributes(path)) ?? [];
  const objects = new Map(below.map(({ object, size }) => [object, size]));
  if (objects.size === 0) return false;
  if ([...objects.values()].reduce((sum, size) => sum + size, 0) > MOST_READ) return true;
  const input = [...objects.keys()].map((object) => `${object}\n`).join("");
  const { stdout } = await git.run(["cat-file", "--batch"], { cwd: repository, input });
  return stdout.includes("working-tree-encoding");
}

interface CheckedOutCommit {
  repository: string;
  commit: string;
}
