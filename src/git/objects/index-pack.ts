import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { BowlineError } from "../../lib/index.ts";
import type { Policy } from "../../config/index.ts";
import { fsckIgnored } from "../process/git-config.ts";
import type { Git } from "../process/open-git.ts";

export interface IndexPackOptions {
  git: Git;
  gitFolder: string;
  policy: Policy;
  /** Whether objects were left out by a filter, to be had later from the remote. */
  filtered: boolean;
  pack: AsyncIterable<Buffer[]>;
  /** Gets git's progress, which costs time that a small pack would feel. */
  onLine: ((line: string) => void) | undefined;
  signal: AbortSignal;
}

/**
 * Streams a pack into a repository: each object's name is computed anew, its form is checked, and without a filter that all it leads to is
 * there. Returns the path of the index of what came. Throws GIT_CONTENT_REFUSED for what fails that, and what reading the pack threw.
 */
export async function indexPack(options: IndexPackOptions): Promise<string> {
  const { git, gitFolder, policy, filtered, pack, onLine, signal } = options;
  const ignored = fsckIgnored(policy).map((id) => `${id}=ignore`);
  const strict = ignored.length === 0 ? "--strict" : `--strict=${ignored.join(",")}`;
  // git, too, has no list of what to ignore here: --strict would ask for the objects that the filter leaves out
  const checks = filtered ? ["--fsck-objects", "--promisor"] : [strict];
  const command = [
    `--git-dir=${gitFolder}`,
    // else .gitattributes or .gitmodules that the filter leaves out would be missed, and refused
    ...(filtered ? ["-c", "remote.origin.promisor=true"] : []),
    "index-pack",
    "--stdin",
    "--fix-thin",
    ...(onLine ? ["-v"] : []),
    ...checks,
  ];
  const { stdout } = await git.run(command, { input: pack, signal, local: true, ...(onLine && { onLine }) });
  // after this line git repeats what followed the pack, which is not its own words
  const [line = ""] = stdout.toString("latin1").split("\n");
  const name = /^pack\t([0-9a-f]{40,64})$/.exec(line)?.[1];
  if (name !== undefined) return join(gitFolder, "objects/pack", `pack-${name}.idx`);
  const message = `git index-pack does not name the pack that it made: ${JSON.stringify(line.slice(0, 100))}`;
  throw new BowlineError({ code: "INTERNAL", message, hint: "report this as a bug" });
}

/** Removes what a git that was ended in the middle of a pack left. Only for a repository that nobody else writes to. */
export async function removeHalfPacks(gitFolder: string): Promise<void> {
  const folder = join(gitFolder, "objects/pack");
  const names = await readdir(folder).catch(() => []);
  const half = names.filter((name) => /^(tmp_|\.tmp)/.test(name));
  await Promise.all(half.map((name) => rm(join(folder, name), { force: true })));
}
