export type { ExecutionContext, ExecutionEvent, Executor, LogPosition, Outcome, Resumed } from "./executor.ts";
export { checkPlanFor } from "./check-plan.ts";
export { createExecutor } from "./create-executor.ts";
export type { GitEngine } from "./git-engine.ts";
export { jobPlaces, type JobPlaces } from "./places.ts";
export { outlivesSupervisor } from "./outlives.ts";
export { endRun } from "./process/end-run.ts";
