import type { Plan } from "../compile/index.ts";
import { mapTexts } from "../lib/index.ts";
import type { RunPlaces } from "./runs.ts";
import type { StoredRun } from "./store/store.ts";

/** The plan of a run for a new one: its folder and uuid exchanged wherever the compiled plan names them, its pins kept unless `fresh`. */
export function planForRestart(run: StoredRun, places: RunPlaces, { fresh = false }: { fresh?: boolean }): Plan {
  const plan = mapTexts(run.plan, (text) =>
    text.replaceAll(run.folder, places.folder).replaceAll(run.record.uuid, places.uuid),
  ) as Plan;
  return fresh ? withoutPins(plan) : plan;
}

/** The same plan, to be resolved anew. */
export function withoutPins(plan: Plan): Plan {
  return { ...plan, init: plan.init.map(withoutPin) };
}

function withoutPin(step: Plan["init"][number]): Plan["init"][number] {
  if (step.kind !== "git") return step;
  const { pin: _pin, ...rest } = step;
  return rest;
}
