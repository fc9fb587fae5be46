import { join } from "node:path";
import { BowlineError, parseGitUrl, readSmallFile, type GitUrl, type Problem } from "../../lib/index.ts";
import { openAccess, type Access } from "../access.ts";
import { begunWith } from "../failures.ts";
import type { Git } from "../process/open-git.ts";
import type { GitRequest } from "../request.ts";

/** The LFS server of a repository, and what it may be asked with. */
export interface LfsEndpoint {
  access: Access;
  /** For `lfs.url`. */
  url: string;
  warnings: Problem[];
}

export interface LfsEndpointOptions {
  request: Pick<GitRequest, "policy" | "findCredential">;
  /** The repository's. */
  access: Access;
  tree: string;
  git: Git;
}

const LARGEST_CONFIG = 64 * 1024;

/**
 * The repository's own LFS server (git-lfs, docs/api/server-discovery.md), unless `.lfsconfig` names another. That one gets the credential whose scope covers
 * it, and otherwise none, with a warning: the file came with the repository, whoever wrote it.
 */
export async function lfsEndpoint({ request, access, tree, git }: LfsEndpointOptions): Promise<LfsEndpoint> {
  const named = await urlOfLfsConfig(tree, git);
  if (named === undefined) return { access, url: ownEndpoint(access.url), warnings: [] };
  const other = await openAccess(named, request).catch((error: unknown) => {
    throw begunWith(".lfsconfig: ", error);
  });
  const url = other.url.scheme === "ssh" ? other.url.remote : other.url.href;
  const known = other.credential !== undefined || other.url.host === access.url.host;
  const warning = {
    code: "LFS_ELSEWHERE",
    message: `.lfsconfig of "${access.url.text}" names another LFS server, "${named}": it is asked without a credential`,
    hint: "if it should have one, add an entry for it to `credentials:` of the config",
  };
  return { access: other, url, warnings: known ? [] : [warning] };
}

/** Over ssh git-lfs asks `git-lfs-authenticate` on the server where to go and with what. */
function ownEndpoint(url: GitUrl): string {
  if (url.scheme === "ssh" || url.scheme === "file") return url.remote;
  return `${url.href.replace(/(\.git)?\/?$/, "")}.git/info/lfs`;
}

async function urlOfLfsConfig(tree: string, git: Git): Promise<string | undefined> {
  const path = join(tree, ".lfsconfig");
  if ((await readSmallFile(path, LARGEST_CONFIG)) === undefined) return undefined;
  const list = ["config", "--file", path, "--no-includes", "--list", "-z"];
  const { stdout, code } = await git.run(list, { cwd: tree, expected: [128] });
  if (code !== 0) {
    const message = ".lfsconfig of the repository is no configuration that git can read";
    throw new BowlineError({ code: "LFS_FAILED", message, hint: "correct it in the repository" });
  }
  const values = new Map(
    stdout
      .toString("utf8")
      .split("\0")
      .map((entry) => entry.split("\n", 2) as [string, string]),
  );
  const text = values.get("lfs.url") ?? values.get("remote.origin.lfsurl");
  return text === undefined || text === "" ? undefined : parseGitUrl(text, { schemes: ["https", "http", "ssh"] }).text;
}
