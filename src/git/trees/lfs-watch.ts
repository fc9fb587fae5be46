import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { BowlineError, shownUrl } from "../../lib/index.ts";
import { writtenBytes } from "./budget.ts";
import type { LfsPointer } from "./lfs-pointers.ts";

export interface LfsWatchOptions {
  /** Where git-lfs keeps what it downloads. */
  storage: string;
  tree: string;
  pointers: readonly LfsPointer[];
  /** Milliseconds in which there has to be something new on disk. */
  patience: number;
  /** The LFS server's. */
  url: string;
}

const LOOK = 500;
const SLACK = 16 * 1024 * 1024;

/**
 * Looks at what git-lfs does while it fetches, for it has no end of its own: it asks again and again after some refusals, waits as long as it is
 * told to, and writes whatever comes. The signal is aborted with LFS_FAILED when nothing new comes, and when more comes than the pointers say.
 */
export function watchContents(options: LfsWatchOptions): { signal: AbortSignal; stop: () => Promise<void> } {
  const { storage, tree, pointers, patience, url } = options;
  const over = new AbortController();
  const most = pointers.reduce((sum, { size }) => sum + size, SLACK);
  const server = `the LFS server "${shownUrl(url)}"`;
  let last = "";
  let since = performance.now();
  async function look(): Promise<void> {
    const stored = await writtenBytes(storage);
    if (stored > most) {
      const message = `${server} sends more than the pointers in the repository say`;
      return over.abort(new BowlineError({ code: "LFS_FAILED", message, hint: "ask whoever runs the server" }));
    }
    const found = await Promise.all(pointers.map(({ path }) => lstat(join(tree, path)).catch(() => undefined)));
    const now = `${stored} ${found.reduce((sum, each) => sum + (each?.size ?? 0), 0)}`;
    if (now !== last) since = performance.now();
    last = now;
    if (performance.now() - since < patience) return;
    const message = `${server} gives nothing for ${Math.round(patience / 1000)} s`;
    const hint =
      "check that the token may read LFS objects, too, and try again later; policy.timeouts.stall sets a quarter of the time";
    over.abort(new BowlineError({ code: "LFS_FAILED", message, hint }));
  }
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= look().finally(() => (looking = undefined));
  }, LOOK);
  async function stop(): Promise<void> {
    clearInterval(timer);
    await looking;
  }
  return { signal: over.signal, stop };
}
