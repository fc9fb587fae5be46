import type { Runs } from "./runs.ts";

/** Runs of a kind whose code is loaded at the first call; `prepare`, which asks nothing, is at hand at once. */
export function lazyRuns(prepare: Runs["prepare"], load: () => Promise<Runs>): Runs {
  let loaded: Promise<Runs> | undefined;
  const runs = (): Promise<Runs> => (loaded ??= load());
  return {
    prepare,
    start: async (...args) => (await runs()).start(...args),
    startDetached: async (...args) => (await runs()).startDetached(...args),
    objects: async (...args) => (await runs()).objects(...args),
    supervise: async (...args) => (await runs()).supervise(...args),
    list: async (...args) => (await runs()).list(...args),
    get: async (...args) => (await runs()).get(...args),
    describe: async (...args) => (await runs()).describe(...args),
    async *logs(...args) {
      yield* (await runs()).logs(...args);
    },
    async *watch(...args) {
      yield* (await runs()).watch(...args);
    },
    stop: async (...args) => (await runs()).stop(...args),
    restart: async (...args) => (await runs()).restart(...args),
    delete: async (...args) => (await runs()).delete(...args),
    sweep: async () => (await runs()).sweep(),
    close: async () => (await loaded?.catch(() => undefined))?.close(),
  };
}
