import { readFile } from "node:fs/promises";
import { writePrivateFile, type GitUrl } from "../../lib/index.ts";
import { hostFile } from "./host-memory.ts";

/** How long a host wants to be left alone, known to all processes that share a folder: of a hundred jobs, one is told by the host. */
export interface HostPause {
  /** Milliseconds from now; 0 when the host may be asked. */
  left: () => Promise<number>;
  /** Notes what the host asked for, in milliseconds. */
  keep: (wait: number) => Promise<void>;
}

/** More than this is not asked in earnest; nor must a clock that was set back make it so. */
const LONGEST = 3600 * 1000;

/** The pause of a url's host; without a folder it is known to its caller only. */
export function openHostPause(folder: string | undefined, url: Pick<GitUrl, "scheme" | "host" | "port">): HostPause {
  let until = 0;
  const path = folder && hostFile(folder, url, "pause");
  async function left(): Promise<number> {
    const kept = path === undefined ? until : Number(await readFile(path, "utf8").catch(() => "0"));
    const wait = kept - Date.now();
    return wait > 0 && wait <= LONGEST ? wait : 0;
  }
  async function keep(wait: number): Promise<void> {
    until = Date.now() + Math.min(wait, LONGEST);
    if (path === undefined || (await left()) >= wait) return;
    // A cache that cannot be written costs the host some requests, nothing else.
    await writePrivateFile(path, String(until)).catch(() => undefined);
  }
  return { left, keep };
}
