import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { BowlineError, shownUrl } from "../../lib/index.ts";

const INTERVAL = 100;

/** Watches what git receives while it arrives, by the growing file in `objects/pack`. */
export interface ByteWatch {
  /** Aborted with GIT_TOO_LARGE when more than the limit has come. */
  signal: AbortSignal;
  stop: () => void;
}

export interface ByteWatchOptions {
  gitFolder: string;
  /** Bytes; absent: no limit. */
  maxBytes?: number | undefined;
  /** For the message. */
  url: string;
  onBytes?: (bytes: number) => void;
}

/** Looks ten times a second; what arrives between two looks may be over the limit, what is kept is not. */
export function watchBytes(options: ByteWatchOptions): ByteWatch {
  const { gitFolder, maxBytes, url, onBytes } = options;
  const controller = new AbortController();
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void receivedBytes(gitFolder).then((bytes) => {
      looking = false;
      onBytes?.(bytes);
      if (maxBytes !== undefined && bytes > maxBytes) controller.abort(tooLarge(url, maxBytes));
    });
  }, INTERVAL);
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}

/** The size of all packs of a repository, finished or not: in a fresh one, what came over the wire. */
export async function receivedBytes(gitFolder: string): Promise<number> {
  const folder = join(gitFolder, "objects", "pack");
  const names = await readdir(folder).catch(() => []);
  const packs = names.filter((name) => name.endsWith(".pack") || name.startsWith("tmp_pack_"));
  const sizes = await Promise.all(
    packs.map(async (name) => (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The error for a repository that sends more than the policy allows. */
export function tooLarge(url: string, maxBytes: number): BowlineError {
  return new BowlineError({
    code: "GIT_TOO_LARGE",
    message: `"${shownUrl(url)}" is larger than the ${maxBytes} bytes that the policy allows`,
    hint: "raise policy.maxBytes of the config, or ask for less: history: 1, sparse",
  });
}
