/** How a repository is to be fetched: the typed form of `git:` fields and flags. */
export interface GitOptions {
  /** Commits to have: a number (1 by default), all commits without old file contents, or everything. */
  history: number | "commits" | "full";
  tags: boolean;
  /** All, none, or those below these paths. */
  submodules: boolean | string[];
  lfs: boolean;
  /** Folders to check out (cone); empty: all. */
  sparse: string[];
  filter?: "blob:none";
  jobs?: number;
}
