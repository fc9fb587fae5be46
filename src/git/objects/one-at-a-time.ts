import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { withFileLock, writeAnew } from "../../lib/index.ts";
import { abortError } from "../failures.ts";
import type { Making } from "../making.ts";
import type { GitRequest } from "../request.ts";
import type { CacheFolder } from "./cache-folder.ts";

export interface Turn {
  making: Pick<Making, "request" | "deadline">;
  cache: CacheFolder;
  /** Of the lock, among those of this repository. */
  name: string;
  /** What is waited for, for the one who waits: `commit 62b26481`. */
  what: string;
}

/** The cache cannot be worked with; `cause` says why. */
export class CacheUnusable extends Error {
  override readonly name = "CacheUnusable";
}

/**
 * Does `act` while no other process does it under the same lock, which dies with its holder. Whoever waits is told whom for. `act` learns whether there
 * was another before it. Throws CacheUnusable when there can be no lock, what the signal was aborted for, or what `act` throws.
 */
export async function oneAtATime<T>(turn: Turn, act: (waited: boolean) => Promise<T>): Promise<T> {
  const { making, cache, name, what } = turn;
  const { request } = making;
  const { signal } = making.deadline;
  const lock = join(cache.repository, "locks", `${name}.lock`);
  let waited = false;
  let entered = false;
  const onBusy = (): void => {
    waited = true;
    void holderOf(lock).then((holder) =>
      request.onEvent?.({ phase: "wait", state: "start", detail: `${holder}: ${what}` }),
    );
  };
  try {
    return await withFileLock(
      lock,
      async () => {
        entered = true;
        if (waited) request.onEvent?.({ phase: "wait", state: "end", detail: what });
        await writeAnew(holderFile(lock), ownName(request), 0o600).catch(() => {});
        return act(waited);
      },
      { patience: Number.POSITIVE_INFINITY, signal, onBusy },
    );
  } catch (error) {
    if (entered) throw error;
    if (signal.aborted) throw abortError(signal);
    throw new CacheUnusable("a lock of the cache cannot be had", { cause: error });
  }
}

function holderFile(lock: string): string {
  return lock.replace(/\.lock$/, ".holder");
}

async function holderOf(lock: string): Promise<string> {
  const text = await readFile(holderFile(lock), "utf8").catch(() => "");
  return /^process \d+( of run [0-9a-f]+)?$/.exec(text)?.[0] ?? "another process";
}

function ownName({ mark }: Pick<GitRequest, "mark">): string {
  const run = mark?.["BOWLINE_RUN_UUID"]?.slice(0, 8);
  return `process ${process.pid}${run === undefined ? "" : ` of run ${run}`}`;
}
