/** A url of a git repository in its one normal form: cache key, and what scopes are matched against. */
export interface GitUrl {
  scheme: "https" | "http" | "ssh" | "file";
  /** ssh only: the user name of the url. */
  user?: string;
  /** Lower case, punycode; an IPv6 address in brackets; empty for `file`. */
  host: string;
  /** Absent when it is the scheme's own. */
  port?: number;
  /** Begins with "/", percent-encoding normalised, no dot segments, no empty segments. */
  path: string;
  /** The normal form as one text. */
  href: string;
  /** As the user wrote it; what `origin` and records show. */
  text: string;
}
