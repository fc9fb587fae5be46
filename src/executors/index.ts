export type { ExecutionContext, ExecutionEvent, Executor, Outcome } from "./executor.ts";
export { checkPlanFor } from "./check-plan.ts";
export { createExecutor } from "./create-executor.ts";
export type { GitEngine } from "./git-engine.ts";
export { jobPlaces, type JobPlaces } from "./places.ts";
export { endRun } from "./process/end-run.ts";
