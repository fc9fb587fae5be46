import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, writeError } from "../../lib/index.ts";

export interface EmptyRepository {
  /** The `.git` folder itself, or a bare repository. */
  gitFolder: string;
  /** Decides the object format: 64 digits are SHA-256. */
  commit: string;
  /** More of section `core`. */
  core?: Readonly<Record<string, string>>;
  /** Sections besides `core` and `extensions`. */
  config?: string;
  /** `extensions.partialClone`: the remote that has what is not here. */
  promisor?: string;
  bare: boolean;
}

/** Makes what `git init` makes, without its template and without a start of git (gitrepository-layout). */
export async function makeEmptyRepository(options: EmptyRepository): Promise<void> {
  const { gitFolder } = options;
  try {
    for (const folder of ["objects/info", "objects/pack", "refs/heads", "refs/tags"])
      await makeFolder(join(gitFolder, folder));
    await writeFile(join(gitFolder, "HEAD"), "ref: refs/heads/main\n");
    await writeFile(join(gitFolder, "config"), repositoryConfig(options));
  } catch (cause) {
    throw writeError(gitFolder, cause);
  }
}

/** The repository's own configuration file. */
export function repositoryConfig(options: Omit<EmptyRepository, "gitFolder">): string {
  const { commit, core: more = {}, config = "", promisor, bare } = options;
  const extensions = [
    ...(commit.length === 64 ? ["objectformat = sha256"] : []),
    ...(promisor === undefined ? [] : [`partialClone = ${promisor}`]),
  ];
  const core = [
    `repositoryformatversion = ${extensions.length > 0 ? 1 : 0}`,
    "filemode = true",
    `bare = ${bare}`,
    ...(bare ? [] : ["logallrefupdates = true", "checkStat = minimal", "trustctime = false"]),
    ...Object.entries(more).map(([name, value]) => `${name} = ${value}`),
  ];
  const lines = (list: readonly string[]): string => list.map((line) => `\t${line}\n`).join("");
  return `[core]\n${lines(core)}${extensions.length > 0 ? `[extensions]\n${lines(extensions)}` : ""}${config}`;
}
