import { BowlineError, type ProblemInput } from "./errors.ts";

/** What a revision can mean, before a server was asked. */
export type Revision =
  | { kind: "head" }
  /** A full name: `refs/heads/main`. */
  | { kind: "ref"; ref: string }
  /** 40 (SHA-1) or 64 (SHA-256) hexadecimal digits, in lower case. */
  | { kind: "commit"; commit: string }
  /** A branch or a tag, or, with `short`, perhaps the first digits of a commit. */
  | { kind: "name"; name: string; short?: string };

const MAX_BYTES = 255;
const MIN_SHORT_COMMIT = 7;

/** What is wrong with a revision (`git help check-ref-format`, and nothing that git reads as an expression); undefined when it is fine. */
export function checkRevision(text: string): ProblemInput | undefined {
  const revision = trimmed(text);
  const reason = reasonAgainst(revision);
  if (reason === undefined) return undefined;
  return {
    code: "GIT_REVISION_INVALID",
    message: `the revision ${JSON.stringify(revision.slice(0, 100))} cannot be used: ${reason}`,
    hint: "name a branch, a tag, a commit, HEAD, or a full reference such as refs/heads/main",
  };
}

/** Says which forms a revision can have. Throws a BowlineError, GIT_REVISION_INVALID, when `checkRevision` finds fault with it. */
export function parseRevision(text: string): Revision {
  const problem = checkRevision(text);
  if (problem) throw new BowlineError(problem);
  const revision = trimmed(text);
  if (revision === "HEAD") return { kind: "head" };
  if (revision.startsWith("refs/")) return { kind: "ref", ref: revision };
  if (isFullCommit(revision)) return { kind: "commit", commit: revision.toLowerCase() };
  const isShort = new RegExp(`^[0-9a-f]{${MIN_SHORT_COMMIT},63}$`, "i").test(revision);
  return isShort ? { kind: "name", name: revision, short: revision.toLowerCase() } : { kind: "name", name: revision };
}

/** Whether a text is a whole object name: 40 or 64 hexadecimal digits. */
export function isFullCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(text);
}

/** ASCII only: `trim()` would also take a byte order mark, and make a commit of what git takes as a name. */
function trimmed(text: string): string {
  return text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
}

function reasonAgainst(revision: string): string | undefined {
  if (revision === "") return "it is empty";
  if (/\p{Cs}/u.test(revision)) return "it is not valid Unicode";
  if (Buffer.byteLength(revision) > MAX_BYTES) return `it is longer than ${MAX_BYTES} bytes`;
  if (revision.startsWith("-")) return 'it begins with "-", as an option of git does';
  if (revision.startsWith("+")) return 'it begins with "+", as a forced refspec does';
  if (/\p{Cc}/u.test(revision)) return "it holds a control character";
  // Invisible or changing the direction; the joiners U+200C and U+200D are part of ordinary words and are allowed.
  if (/[\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/.test(revision))
    return "it holds a character that is not visible";
  const forbidden = /[ ~^:?*[\\]/.exec(revision);
  if (forbidden) return `no branch or tag can have "${forbidden[0]}" in its name`;
  if (revision.includes("@{") || revision === "@") return 'it is an expression of git ("@"), not a name';
  if (revision.includes("..")) return 'it is a range ("..")';
  if (revision.endsWith(".")) return 'it ends with "."';
  return reasonAgainstParts(revision);
}

function reasonAgainstParts(revision: string): string | undefined {
  const parts = revision.split("/");
  if (parts.some((part) => part === "")) return 'it begins or ends with "/", or has "//" in it';
  if (parts.some((part) => part.startsWith("."))) return 'a part of it begins with "."';
  if (parts.some((part) => part.endsWith(".lock"))) return 'a part of it ends with ".lock"';
  return undefined;
}
