export { candidates, type Candidate, type CandidateSources } from "./candidates.ts";
export { completionScript } from "./scripts.ts";
