import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Home } from "../config/index.ts";
import type { RunPlaces } from "./runs.ts";

/** A new run's identity; nothing is written yet. */
export function newPlaces(home: Home): RunPlaces {
  return placesOf(home, { uuid: randomUUID(), createdAt: new Date().toISOString() });
}

/** The places of a run; `<artifacts>/<uuid>/outputs` as Polyaxon has it. */
export function placesOf(home: Home, run: { uuid: string; createdAt: string }): RunPlaces {
  const folder = join(home.state, "runs", run.uuid);
  const artifactsPath = join(folder, "artifacts");
  return {
    uuid: run.uuid,
    createdAt: run.createdAt,
    folder,
    contextPath: folder,
    artifactsPath,
    outputsPath: join(artifactsPath, run.uuid, "outputs"),
  };
}
