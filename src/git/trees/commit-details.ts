import { BowlineError, shownUrl } from "../../lib/index.ts";
import type { CommitDetails } from "../code-reference.ts";
import type { Git } from "../process/open-git.ts";

const FORMAT = ["%H", "%T", "%an", "%ae", "%ct", "%s"].join("%x00");

/** Reads the commit. Throws GIT_REVISION_NOT_FOUND when the object of this name is no commit. */
export async function readCommit(
  git: Git,
  options: { repository: string; commit: string; url: string },
): Promise<CommitDetails> {
  const { repository, commit, url } = options;
  const args = ["log", "-1", "--no-show-signature", "--encoding=UTF-8", `--format=${FORMAT}`, commit, "--"];
  const { stdout } = await git.run(args, { cwd: repository });
  const [found, tree = "", name = "", email = "", seconds = "", subject = ""] = stdout
    .toString("utf8")
    .replace(/\n$/, "")
    .split("\0");
  if (found !== commit) throw noCommit(commit, url);
  return {
    tree,
    author: { name: cut(name), email: cut(email) },
    date: new Date(Math.min(Number(seconds) * 1000, LAST_DATE)).toISOString(),
    subject: cut(subject),
  };
}

/** The error for the name of an object that is no commit. */
export function noCommit(name: string, url: string): BowlineError {
  return new BowlineError({
    code: "GIT_REVISION_NOT_FOUND",
    message: `"${name}" of "${shownUrl(url)}" is not a commit but another object`,
    hint: "name a commit, a branch or a tag",
  });
}

/** A commit may say megabytes in one line; records, and the 4 KiB of a termination message, keep what somebody reads. */
const LENGTH = 1_000;
/** The last one that ISO 8601 writes with four digits of a year. */
const LAST_DATE = Date.UTC(9999, 11, 31);

function cut(text: string): string {
  return text.length > LENGTH ? `${text.slice(0, LENGTH - 1)}…` : text;
}

/** The same from a commit's own content, without a start of git; undefined for what git alone can read, such as another encoding. */
export function commitDetails(content: Buffer): CommitDetails | undefined {
  const text = content.toString("utf8");
  const end = text.indexOf("\n\n");
  const head = end === -1 ? text : text.slice(0, end + 1);
  if (/[\0\ufffd]/.test(text) || /^encoding /m.test(head)) return undefined;
  const tree = /^tree ([0-9a-f]{40,64})\n/.exec(head)?.[1];
  const [, name, email] = /^author ([^<>\n]*[^<>\s]) <([^<>\s]*)> \d+ [+-]\d{4}$/m.exec(head) ?? [];
  const seconds = /^committer [^<>\n]* <[^<>\n]*> (\d{1,11}) [+-]\d{4}$/m.exec(head)?.[1];
  if (tree === undefined || name === undefined || email === undefined || seconds === undefined) return undefined;
  const date = new Date(Number(seconds) * 1000).toISOString();
  const subject = cut(subjectOf(text.slice(head.length)));
  return { tree, author: { name: cut(name), email: cut(email) }, date, subject };
}

/** The first paragraph as one line, as git's `%s` has it. */
function subjectOf(message: string): string {
  const lines = message.split("\n").map((line) => line.replace(/[ \t\r]+$/, ""));
  const first = lines.findIndex((line) => line !== "");
  if (first === -1) return "";
  const end = lines.indexOf("", first);
  return lines.slice(first, end === -1 ? undefined : end).join(" ");
}
