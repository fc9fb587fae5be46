/** How a repository is to be fetched: the typed form of `git:` fields and flags. */
export interface GitOptions {
  /** Commits to have: a number (1 by default), all commits without old file contents, or everything. */
  history: number | "commits" | "full";
  tags: boolean;
  /** All, none, or those below these paths. */
  submodules: boolean | string[];
  lfs: boolean;
  /** Folders to check out (cone); empty: all. "." alone: the files of the top folder only. */
  sparse: string[];
  filter?: "blob:none";
  /** Whether files may be mounted from the cache instead of written, where that is possible. */
  mount?: boolean;
  jobs?: number;
}

/** What is done when nothing is asked for: the one commit, no tags, no submodules, all files. */
export const DEFAULT_GIT_OPTIONS: Readonly<GitOptions> = {
  history: 1,
  tags: false,
  submodules: false,
  lfs: false,
  sparse: [],
};
