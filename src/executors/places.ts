import { posix } from "node:path";
import type { ExecutorChoice } from "../config/index.ts";

/** Where a job finds its things, by its executor. */
export interface JobPlaces {
  contextPath: string;
  artifactsPath: string;
  outputsPath: string;
}

/** What every container of a run sees of it. */
export const CONTEXT = "/plx-context";

/** The places of a run as its job sees them: below the run's own folder for a process, below `/plx-context` in containers. */
export function jobPlaces(kind: ExecutorChoice["kind"], run: { uuid: string; folder: string }): JobPlaces {
  const contextPath = kind === "process" ? run.folder : CONTEXT;
  const artifactsPath = posix.join(contextPath, "artifacts");
  // As Polyaxon has it.
  return { contextPath, artifactsPath, outputsPath: posix.join(artifactsPath, run.uuid, "outputs") };
}
