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
