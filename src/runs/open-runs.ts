import { join } from "node:path";
import { BowlineError } from "../lib/index.ts";
import { newPlaces } from "./places.ts";
import type { Runs, RunsOptions } from "./runs.ts";
import { openStore } from "./store/open-store.ts";
import type { RunStore } from "./store/store.ts";

/** Opens the runs of this user; nothing is read or written before the first call. */
export function openRuns(options: RunsOptions): Runs {
  const { home } = options.config;
  let opened: Promise<RunStore> | undefined;
  function store(): Promise<RunStore> {
    return (opened ??= openStore(join(home.data, "runs.db")));
  }
  async function uuidOf(id: string): Promise<string> {
    const [first, second] = await (await store()).uuidsLike(id.toLowerCase(), 2);
    if (first === undefined) throw notFound(id);
    if (second !== undefined && first !== id) throw ambiguous(id);
    return first;
  }
  async function found(id: string) {
    const run = await (await store()).find(await uuidOf(id));
    if (run === undefined) throw notFound(id);
    return run;
  }
  function later(): never {
    throw new BowlineError({ code: "INTERNAL", message: "runs cannot be started yet", hint: "build on the types" });
  }
  return {
    prepare: () => newPlaces(home),
    start: async () => later(),
    startDetached: async () => later(),
    supervise: async () => later(),
    list: async (query = {}) => (await store()).list(query),
    get: async (id) => (await found(id)).record,
    describe: async () => later(),
    logs: () => later(),
    watch: () => later(),
    stop: async () => later(),
    restart: async () => later(),
    delete: async () => later(),
    sweep: async () => ({ lost: [], expired: [] }),
    close: async () => (await opened)?.close(),
  };
}

function notFound(id: string): BowlineError {
  return new BowlineError({
    code: "RUN_NOT_FOUND",
    message: `no run has the uuid "${id}"`,
    hint: "list them with: bowline ps",
  });
}

function ambiguous(id: string): BowlineError {
  return new BowlineError({
    code: "USAGE",
    message: `more than one run's uuid begins with "${id}"`,
    hint: "give more of it: bowline ps -o wide",
  });
}
