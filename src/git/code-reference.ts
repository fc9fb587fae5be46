/** What a git init step left, as scripts see it (docs/scripting.md). Sizes in bytes, durations in milliseconds. */
export interface CodeReference extends CommitDetails {
  connection?: string;
  url: string;
  redirectedTo?: string;
  revision?: string;
  ref?: string;
  commit: string;
  /** As the job sees it. */
  path: string;
  /** Absent where there are none. */
  submodules?: { path: string; url: string; commit: string }[];
  by: "engine" | "handler";
  history: number | "commits" | "full";
  bytes: number;
  cache: "hit" | "objects" | "wait" | "miss";
  timings: { resolve: number; fetch: number; checkout: number; copy: number };
  at: string;
}

/** What is said of a commit itself. */
export interface CommitDetails {
  tree: string;
  author: { name: string; email: string };
  /** The committer's date, ISO 8601 UTC. */
  date: string;
  subject: string;
}
