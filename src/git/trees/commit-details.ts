import { BowlineError, shownUrl } from "../../lib/index.ts";
import type { Git } from "../process/open-git.ts";

/** What a code reference says of a commit. */
export interface CommitDetails {
  tree: string;
  author: { name: string; email: string };
  /** The committer's date, ISO 8601 UTC. */
  date: string;
  subject: string;
}

const FORMAT = ["%H", "%T", "%an", "%ae", "%ct", "%s"].join("%x00");

/** Reads the commit. Throws GIT_REVISION_NOT_FOUND when the object of this name is no commit. */
export async function readCommit(
  git: Git,
  options: { repository: string; commit: string; url: string },
): Promise<CommitDetails> {
  const { repository, commit, url } = options;
  const args = ["log", "-1", "--no-show-signature", "--encoding=UTF-8", `--format=${FORMAT}`, commit, "--"];
  const { code, stdout } = await git.run(args, { cwd: repository, expected: [128] });
  const [found, tree = "", name = "", email = "", seconds = "", subject = ""] = stdout
    .toString("utf8")
    .replace(/\n$/, "")
    .split("\0");
  if (code !== 0 || found !== commit) {
    throw new BowlineError({
      code: "GIT_REVISION_NOT_FOUND",
      message: `"${commit}" of "${shownUrl(url)}" is not a commit but another object`,
      hint: "name a commit, a branch or a tag",
    });
  }
  return {
    tree,
    author: { name: cut(name), email: cut(email) },
    date: new Date(Math.min(Number(seconds) * 1000, LAST_DATE)).toISOString(),
    subject: cut(subject),
  };
}

/** A commit may say megabytes in one line; records, and the 4 KiB of a termination message, keep what somebody reads. */
const LENGTH = 1_000;
/** The last one that ISO 8601 writes with four digits of a year. */
const LAST_DATE = Date.UTC(9999, 11, 31);

function cut(text: string): string {
  return text.length > LENGTH ? `${text.slice(0, LENGTH - 1)}…` : text;
}
