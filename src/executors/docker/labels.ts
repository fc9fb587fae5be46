import type { Plan } from "../../compile/index.ts";
import { VERSION } from "../../lib/index.ts";

/** Which container of a run. */
export interface ContainerId {
  /** Name of its log: `main`, `init/<name>`, `sidecar/<name>`, with `-2` and so on for further replicas. */
  log: string;
  /** From 1. */
  attempt: number;
}

const RUN = "bowline.run";

/** What marks everything that the engine has of a run. */
export function runLabels(uuid: string, plan: Plan): Record<string, string> {
  return { [RUN]: uuid, "bowline.name": plan.name, "bowline.executor": "docker", "bowline.version": VERSION };
}

export function containerLabels(uuid: string, plan: Plan, { log, attempt }: ContainerId): Record<string, string> {
  return { ...runLabels(uuid, plan), "bowline.container": log, "bowline.attempt": String(attempt) };
}

/** The filter for everything of a run, as the engine's lists take it. */
export function ofRun(uuid: string): string {
  return JSON.stringify({ label: [`${RUN}=${uuid}`] });
}

/** Which container these labels are of. */
export function containerIdOf(labels: Readonly<Record<string, string>>): ContainerId {
  return { log: labels["bowline.container"] ?? "", attempt: Number(labels["bowline.attempt"] ?? 1) };
}

/** `bowline-UUID-init-repo-1`: unique in the engine. */
export function containerName(uuid: string, { log, attempt }: ContainerId): string {
  return `bowline-${uuid}-${log.replaceAll(/[^A-Za-z0-9_.-]/g, "-")}-${attempt}`;
}
