import { BowlineError } from "../lib/index.ts";
import type { RunRecord } from "./record.ts";

/** `named` are the runs that have as their name what was taken for a uuid, the newest first. */
export function runNotFound(id: string, named: readonly RunRecord[] = []): BowlineError {
  const message = `no run has the uuid "${id}"`;
  const uuids = named.slice(0, 3).map(({ uuid }) => uuid.slice(0, 8));
  if (uuids.length > 0) {
    const more = named.length > uuids.length ? `, and ${named.length - uuids.length} older` : "";
    return new BowlineError({ code: "RUN_NOT_FOUND", message, hint: `it is the name of: ${uuids.join(", ")}${more}` });
  }
  return new BowlineError({
    code: "RUN_NOT_FOUND",
    message,
    hint: "list the runs with: bowline ps; those of a cluster with --executor kubernetes",
  });
}

export function ambiguousId(id: string): BowlineError {
  const message = `more than one run's uuid begins with "${id}"`;
  return new BowlineError({ code: "USAGE", message, hint: "give more of it; see them with: bowline ps -o wide" });
}

export function notOver({ uuid, status }: RunRecord, what: "deleted" | "restarted"): BowlineError {
  const message = `the run "${uuid}" is ${status}: only a run that is over can be ${what}`;
  return new BowlineError({ code: "USAGE", message, hint: `end it first: bowline stop ${uuid}` });
}

export function notWaiting(uuid: string): BowlineError {
  const message = `the run "${uuid}" does not wait for a supervisor`;
  return new BowlineError({ code: "USAGE", message, hint: "start a run with: bowline run -d -f FILE" });
}

export function noObjects(): BowlineError {
  const message = "only a run in a cluster is made of objects that could be shown before it";
  return new BowlineError({
    code: "USAGE",
    message,
    hint: "add --executor kubernetes, or see the plan: bowline check -f FILE -o json",
  });
}
