import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writePrivateFile, type GitUrl } from "../../lib/index.ts";

/** What a host speaks, kept between calls; protocol v2 is what is tried first where nothing is kept. Deleting it is always safe. */
export interface HostMemory {
  recall: () => Promise<"v0" | "dumb" | undefined>;
  keep: (protocol: "v2" | "v0" | "dumb") => Promise<void>;
}

const FORGOTTEN_AFTER = 7 * 24 * 3600 * 1000;

/** Memory in `folder`; without one nothing is kept. */
export function openHostMemory(folder: string | undefined, url: GitUrl): HostMemory {
  if (folder === undefined) return { recall: async () => undefined, keep: async () => undefined };
  const origin = `${url.scheme}://${url.host}:${url.port ?? ""}`;
  const path = join(folder, "hosts", createHash("sha256").update(origin).digest("hex").slice(0, 24));
  let known: string | undefined;
  async function recall(): Promise<"v0" | "dumb" | undefined> {
    const [protocol, at] = ((await readFile(path, "utf8").catch(() => "")) || "").split(" ");
    if (Date.now() - Number(at) > FORGOTTEN_AFTER) return undefined;
    known = protocol;
    return protocol === "v0" || protocol === "dumb" ? protocol : undefined;
  }
  async function keep(protocol: "v2" | "v0" | "dumb"): Promise<void> {
    if (protocol === (known ?? "v2")) return;
    // A cache that cannot be written costs one request more, nothing else.
    if (protocol === "v2") await rm(path, { force: true }).catch(() => undefined);
    else await writePrivateFile(path, `${protocol} ${Date.now()}`).catch(() => undefined);
    known = protocol;
  }
  return { recall, keep };
}
