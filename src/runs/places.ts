import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { ExecutorChoice, Home } from "../config/index.ts";
import { jobPlaces } from "../executors/index.ts";
import type { RunPlaces } from "./runs.ts";

/** A new run's identity; nothing is written yet. */
export function newPlaces(home: Home, executor: ExecutorChoice["kind"]): RunPlaces {
  return placesOf(home, { uuid: randomUUID(), createdAt: new Date().toISOString(), executor });
}

/** The places of a run: its own folder on this machine, and what its job sees. */
export function placesOf(
  home: Home,
  { uuid, createdAt, executor }: { uuid: string; createdAt: string; executor: ExecutorChoice["kind"] },
): RunPlaces {
  const folder = join(home.state, "runs", uuid);
  return { uuid, createdAt, folder, ...jobPlaces(executor, { uuid, folder }) };
}
