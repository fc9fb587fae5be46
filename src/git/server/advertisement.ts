import { refsOfLines, serverError } from "./ls-refs.ts";
import { packetText, readPackets, type Packet } from "./pkt-line.ts";
import type { Ref } from "./session.ts";

/** What `info/refs` said: the references themselves (v0 and dumb http), or that v2 is spoken. */
export interface Advertisement {
  protocol: "v2" | "v0" | "dumb";
  capabilities: Set<string>;
  refs: Ref[];
  /** `sha256` where it is not the usual one. */
  objectFormat?: string;
}

const SMART = "application/x-git-upload-pack-advertisement";

/** The server's own words, where it answers GET info/refs with an error packet instead; JGit's do for a repository that is not there. */
export function refusalIn(body: Buffer, contentType: string): string | undefined {
  return contentType.startsWith(SMART) ? serverError(readPackets(body) ?? []) : undefined;
}

/** Reads the answer to GET info/refs (gitprotocol-http); undefined when it is none. */
export function readAdvertisement(body: Buffer, contentType: string): Advertisement | undefined {
  if (!contentType.startsWith(SMART)) return dumbAdvertisement(body);
  const all = readPackets(body) ?? [];
  // the service's name ends with a flush of its own
  const named = all[0] !== undefined && packetText(all[0]).startsWith("# service=");
  const list = all.slice(named ? 1 : 0);
  if (list[0] === "flush") list.shift();
  if (list.at(-1) !== "flush") return undefined;
  const packets = list.filter((packet) => typeof packet !== "string");
  const isV2 = packets[0] !== undefined && packetText(packets[0]) === "version 2";
  return isV2 ? v2Advertisement(packets) : v0Advertisement(packets);
}

function v2Advertisement(packets: readonly Packet[]): Advertisement {
  const capabilities = new Set(packets.slice(1).map(packetText).filter(Boolean));
  return { protocol: "v2", capabilities, refs: [], ...formatOf(capabilities) };
}

function v0Advertisement(packets: readonly Packet[]): Advertisement | undefined {
  const lines = packets.map(packetText);
  if (lines[0] === "version 1") lines.shift();
  const [first = "", list = ""] = (lines[0] ?? "").split("\0");
  // an empty repository of git's own has none
  if (lines.length > 0) lines[0] = first;
  const capabilities = new Set(list.split(" ").filter(Boolean));
  const targets = new Map<string, string>();
  for (const capability of capabilities) {
    const symref = /^symref=([^:]+):(.+)$/.exec(capability);
    if (symref) targets.set(symref[1]!, symref[2]!);
  }
  const refs = refsOfLines(lines.map((line) => line.replace(" ", "\t")));
  return (
    refs && {
      protocol: "v0",
      capabilities,
      refs: refs.map((ref) => (targets.has(ref.name) ? { ...ref, target: targets.get(ref.name)! } : ref)),
      ...formatOf(capabilities),
    }
  );
}

function formatOf(capabilities: ReadonlySet<string>): Pick<Advertisement, "objectFormat"> {
  const format = [...capabilities].find((one) => one.startsWith("object-format="))?.slice("object-format=".length);
  return format ? { objectFormat: format } : {};
}

function dumbAdvertisement(body: Buffer): Advertisement | undefined {
  const text = body.toString("utf8");
  if (body.length > 0 && !/^[0-9a-f]{40,64}\t[^\t\n]+\n/.test(text)) return undefined;
  const refs = refsOfLines(text.split("\n").filter(Boolean));
  return refs && { protocol: "dumb", capabilities: new Set(), refs };
}
