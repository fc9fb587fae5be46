import type { Access } from "../access.ts";
import type { Deadline } from "../deadline.ts";
import type { Git } from "../process/open-git.ts";
import type { GitRequest } from "../request.ts";
import type { Session } from "../server/session.ts";

/** What is to be fetched, from where and into what. */
export interface FetchOptions {
  git: Git;
  /**
   * The `.git` folder or a bare repository, with a remote `origin` at the place that is fetched from; only this fetch writes to it.
   * Its `shallow` file says where the history that is there ends.
   */
  gitFolder: string;
  access: Access;
  commit: string;
  /** Full name of the branch or tag that the commit was found by. */
  ref?: string | undefined;
  request: GitRequest;
  /** What is known of the server, and the connection to it, where it was asked before; not closed here. */
  session?: Session | undefined;
  deadline: Deadline;
  /** Commits whose objects at their shallow depth are all in the repository, or in its alternates: the server sends only the difference. */
  haves?: readonly string[];
  watch?: PackWatch | undefined;
}

/** Looks at a pack while it comes; gets a watch for each try. */
export type PackWatch = () => {
  /** Gets what came, and how long it was waited for since what came before was handed on, in milliseconds. Must be quick, and change nothing. */
  see: (bytes: readonly Buffer[], waited: number) => void;
};

/** The same while git and the repository are still made ready: the request to the server need not wait for them, unless something is there already. */
export interface EarlyFetchOptions extends Omit<FetchOptions, "git"> {
  git: Git | Promise<Git>;
}

/** What a fetch did. */
export interface Fetched {
  /** What came over the wire as pack. */
  bytes: number;
  /** Who spoke to the server. */
  way: "v2" | "git";
  /** What the server left out, as it was asked to. Not every server does: then everything is here. */
  filter?: string | undefined;
  /** The commit's own content, where it was seen to come. */
  content?: Buffer | undefined;
  /** Where the server's repository is, if a redirect led there that was not known before. */
  redirectedTo?: string;
}

/** How often a fetch is tried, the first time included. */
export const FETCH_TRIES = 4;
