import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writePrivateFile, type GitUrl } from "../../lib/index.ts";

/** What a host speaks, kept between calls; protocol v2 is what is tried first where nothing is kept. Deleting it is always safe. */
export interface HostMemory {
  recall: () => Promise<KnownHost>;
  keep: (known: KnownHost) => Promise<void>;
}

export interface KnownHost {
  protocol: "v2" | "v0" | "dumb";
  /** What a host that speaks v2 does not do the way we ask for it, but does for git: words of ours. */
  lacks: readonly string[];
}

const DAY = 24 * 3600 * 1000;
const FORGOTTEN_AFTER = 7 * DAY;
/** What a host lacked may have been a fault of that moment. */
const LACKS_FORGOTTEN_AFTER = DAY;
const UNKNOWN: KnownHost = { protocol: "v2", lacks: [] };

/** Memory in `folder`; without one nothing is kept. */
export function openHostMemory(folder: string | undefined, url: GitUrl): HostMemory {
  if (folder === undefined) return { recall: async () => UNKNOWN, keep: async () => undefined };
  const path = hostFile(folder, url, "spoken");
  let last = "";
  async function recall(): Promise<KnownHost> {
    const text = await readFile(path, "utf8").catch(() => "");
    const [, known = "", protocol, lacks = "", at] = /^((v2|v0|dumb) ([a-z,]*)) ([0-9]+)$/.exec(text) ?? [];
    const age = Date.now() - Number(at);
    // what is found again is written again, with a new time
    last = age > LACKS_FORGOTTEN_AFTER ? "old" : known;
    if (protocol === undefined || age > FORGOTTEN_AFTER) return UNKNOWN;
    const lacked = age > LACKS_FORGOTTEN_AFTER ? [] : lacks.split(",").filter(Boolean);
    return { protocol: protocol as KnownHost["protocol"], lacks: lacked };
  }
  async function keep({ protocol, lacks }: KnownHost): Promise<void> {
    const known = `${protocol} ${lacks.join(",")}`;
    const isNothingNew = known === last || (last === "" && protocol === UNKNOWN.protocol && lacks.length === 0);
    if (isNothingNew) return;
    last = known;
    // A cache that cannot be written costs one request more, nothing else.
    await writePrivateFile(path, `${known} ${Date.now()}`).catch(() => undefined);
  }
  return { recall, keep };
}

/** A file of what is known of a host, for all processes that share the folder. */
export function hostFile(folder: string, url: Pick<GitUrl, "scheme" | "host" | "port">, what: string): string {
  const origin = `${url.scheme}://${url.host}:${url.port ?? ""}`;
  return join(folder, "hosts", `${createHash("sha256").update(origin).digest("hex").slice(0, 24)}.${what}`);
}
