/** What a git init step left: `contract.md`, "Code reference". Sizes in bytes, durations in milliseconds. */
export interface CodeReference {
  connection?: string;
  url: string;
  redirectedTo?: string;
  revision?: string;
  ref?: string;
  commit: string;
  tree: string;
  author: { name: string; email: string };
  /** The committer's date, ISO 8601 UTC. */
  date: string;
  subject: string;
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
