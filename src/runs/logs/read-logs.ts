import { readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { BowlineError } from "../../lib/index.ts";
import type { LogLine, LogOptions } from "../runs.ts";
import { containerOf, logFolder } from "./log-entry.ts";
import { openLogTail, type LogTail } from "./log-tail.ts";

/** How often a follower looks for more, in milliseconds. */
const INTERVAL = 150;

interface Source {
  tail: LogTail;
  waiting: LogLine[];
}

/** The lines of a run's containers, merged by time; while `goesOn` says so, more are waited for. */
export async function* readLogs(
  runFolder: string,
  options: LogOptions & { goesOn: () => Promise<boolean> },
): AsyncGenerator<LogLine> {
  const folder = logFolder(runFolder);
  const sources = new Map<string, Source>();
  const since = options.since?.toISOString() ?? "";
  try {
    let last = options.tail === undefined ? undefined : ([] as LogLine[]);
    for (;;) {
      // Asked before the files are read: what was written before the run was over is then surely read.
      const goesOn = options.follow === true && options.signal?.aborted !== true && (await options.goesOn());
      await openNew(folder, { sources, container: options.container });
      for await (const line of mergeByTime(sources)) {
        if (line.time < since && line.stream !== "bowline") continue;
        if (last === undefined) yield line;
        else if (last.push(line) > (options.tail ?? 0)) last.shift();
      }
      if (last !== undefined) yield* last;
      last = undefined;
      if (!goesOn) break;
      await sleep(INTERVAL, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(() => {});
    }
    // Every run has a main container, also one that wrote nothing; any other may still begin while the run goes on.
    const { container } = options;
    const mustBeThere = container !== undefined && container !== "main" && sources.size === 0;
    if (mustBeThere && !(await options.goesOn())) throw noSuchLog(container);
  } finally {
    for (const { tail } of sources.values()) await tail.close();
  }
}

async function openNew(
  folder: string,
  { sources, container }: { sources: Map<string, Source>; container: string | undefined },
): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.map(containerOf)) {
    if (name === undefined || sources.has(name) || (container !== undefined && container !== name)) continue;
    sources.set(name, { tail: openLogTail(folder, name), waiting: [] });
  }
}

/** Everything that is there now. Of several containers the oldest waiting line is next; a container's own lines keep their order. */
async function* mergeByTime(sources: ReadonlyMap<string, Source>): AsyncGenerator<LogLine> {
  const live = new Set(sources.values());
  while (live.size > 0) {
    let first: Source | undefined;
    for (const source of live) {
      if (source.waiting.length === 0) source.waiting = (await source.tail.read()).reverse();
      const line = source.waiting.at(-1);
      if (line === undefined) live.delete(source);
      else if (first === undefined || line.time < (first.waiting.at(-1)?.time ?? "")) first = source;
    }
    const line = first?.waiting.pop();
    if (line !== undefined) yield line;
  }
}

function noSuchLog(container: string): BowlineError {
  return new BowlineError({
    code: "USAGE",
    message: `the run has no log of a container "${container}"`,
    hint: "leave the container out to see all of them",
  });
}
