import type { GitEvent } from "../../git/index.ts";
import { escapeControl } from "../output/escape.ts";
import { duration, size } from "../output/time.ts";

/** What one git event says: a line to keep, a line that will change, or nothing. */
export interface PhaseWords {
  keep?: string;
  live?: string;
}

/** Turns the events of git steps into words; times each phase. */
export function createGitPhases(): (name: string, event: GitEvent) => PhaseWords {
  const started = new Map<string, number>();
  const received = new Map<string, number>();
  return (name, event) => {
    if (event.phase === "warning") return {};
    if (event.phase === "retry")
      return { keep: `${name}: ${escapeControl(event.detail)}; again in ${duration(event.ms)}` };
    if (event.state === "progress") {
      if (event.detail !== undefined) return { live: `${name}: fetching, ${escapeControl(event.detail)}` };
      received.set(name, event.bytes);
      const part = event.total ? ` ${Math.floor((100 * event.done) / event.total)}%` : "";
      return { live: `${name}: fetching${part}${event.bytes > 0 ? ` ${size(event.bytes)}` : ""}` };
    }
    const key = `${name} ${event.phase}`;
    const detail = event.detail === undefined ? "" : ` ${escapeControl(shortCommits(event.detail))}`;
    if (event.state === "start") {
      started.set(key, Date.now());
      return { live: `${name}: ${DOING[event.phase]}${detail}` };
    }
    const bytes = event.phase === "fetch" ? received.get(name) : undefined;
    const took = duration(Date.now() - (started.get(key) ?? Date.now()));
    return { keep: `${name}: ${DONE[event.phase]}${detail}${bytes ? ` ${size(bytes)}` : ""} in ${took}` };
  };
}

function shortCommits(text: string): string {
  return text.replace(/\b([0-9a-f]{8})[0-9a-f]{32,56}\b/g, "$1");
}

type Phase = "resolve" | "fetch" | "checkout" | "submodules" | "lfs" | "copy" | "wait";

const DOING: Record<Phase, string> = {
  resolve: "resolving",
  fetch: "fetching",
  checkout: "checking out",
  submodules: "fetching submodules",
  lfs: "fetching LFS objects",
  copy: "copying",
  wait: "waiting for",
};

const DONE: Record<Phase, string> = {
  resolve: "resolved",
  fetch: "fetched",
  checkout: "checked out",
  submodules: "fetched submodules",
  lfs: "fetched LFS objects",
  copy: "copied",
  wait: "waited for",
};
