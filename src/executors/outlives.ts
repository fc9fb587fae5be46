import type { ExecutorChoice } from "../config/index.ts";

/** Whether the job of a run goes on when the process that watches over it is gone; then another one takes the run over. */
export function outlivesSupervisor(kind: ExecutorChoice["kind"]): boolean {
  return kind === "docker";
}
