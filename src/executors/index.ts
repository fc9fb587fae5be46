export type { ExecutionContext, ExecutionEvent, Executor, Outcome } from "./executor.ts";
