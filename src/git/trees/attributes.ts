import type { GitIndex } from "./git-index.ts";

/** Whether a file of this path says how others are written. */
export function isAttributes(path: string): boolean {
  return /(^|\/)\.gitattributes$/.test(path);
}

/** Whether files that did not change are written otherwise now: their attributes tell how. */
export function attributesDiffer(before: GitIndex, after: GitIndex): boolean {
  const attributes = ({ entries }: GitIndex): string =>
    entries
      .filter(({ path }) => isAttributes(path))
      .map(({ path, object }) => `${path} ${object}`)
      .join("\n");
  return attributes(before) !== attributes(after);
}

/**
 * Whether these attributes (gitattributes) may make git write files otherwise than they are in the repository. `text` does not, for lines end with LF here, and
 * nor does `filter`: none is configured while files are written.
 */
export function changesFiles(attributes: Buffer): boolean {
  return attributes
    .toString("latin1")
    .split("\n")
    .some((line) => !line.startsWith("#") && /crlf|ident|encoding/i.test(line));
}

/** Bytes of attributes that are read at once; of more, everything is left to git. */
export const MOST_READ = 16 * 1024 * 1024;
