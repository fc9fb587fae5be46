import type { CodeReference, GitRequest, MaterializeRequest, Resolution } from "../git/index.ts";

/** What executors use of the git engine. */
export interface GitEngine {
  resolve: (request: GitRequest) => Promise<Resolution>;
  materialize: (request: MaterializeRequest) => Promise<CodeReference>;
}
