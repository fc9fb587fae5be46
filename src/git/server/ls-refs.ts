import { isFullCommit } from "../../lib/index.ts";
import { packetText, writePackets, type Packet } from "./pkt-line.ts";
import type { Ref } from "./session.ts";

/** The body of protocol v2's `ls-refs` (gitprotocol-v2), asking only for what is wanted. */
export function lsRefsBody(prefixes: readonly string[], objectFormat?: string): Buffer {
  return writePackets([
    "command=ls-refs",
    ...(objectFormat === undefined ? [] : [`object-format=${objectFormat}`]),
    "delimiter",
    "peel",
    "symrefs",
    ...prefixes.map((prefix) => `ref-prefix ${prefix}`),
    "flush",
  ]);
}

/**
 * The body of a `fetch` that asks for one object, names another that nobody has, and does not say `done`: the server answers
 * "NAK" when it would give the object and "not our ref" when not, in either case without a pack.
 */
export function wantBody(object: string, objectFormat?: string): Buffer {
  return writePackets([
    "command=fetch",
    ...(objectFormat === undefined ? [] : [`object-format=${objectFormat}`]),
    "delimiter",
    `want ${object}`,
    `have ${"b0".repeat(object.length / 2)}`,
    "flush",
  ]);
}

/** The references in an answer to `ls-refs`; undefined when it is no such answer. */
export function readRefs(packets: readonly Packet[]): Ref[] | undefined {
  const refs: Ref[] = [];
  for (const packet of packets) {
    if (packet === "flush") return refs;
    const match = /^([0-9a-f]{40,64}) ([^ ]+)((?: [^ ]+)*)$/.exec(packetText(packet));
    if (!match) return undefined;
    const attributes = new Map([...match[3]!.matchAll(/ ([a-z-]+):([^ ]+)/g)].map(([, key, value]) => [key, value!]));
    const peeled = attributes.get("peeled");
    if (peeled !== undefined && !isFullCommit(peeled)) return undefined;
    const target = attributes.get("symref-target");
    refs.push({ name: match[2]!, object: match[1]!, ...(peeled && { peeled }), ...(target && { target }) });
  }
  return undefined;
}

/** The server's own words when the answer is an error packet. */
export function serverError(packets: readonly Packet[]): string | undefined {
  const error = packets.map(packetText).find((text) => text.startsWith("ERR "));
  return error?.slice(4);
}

/** Whether these words of a server mean that it does not give the object; JGit says "not valid". */
export function isNotOurs(words: string): boolean {
  return /not our ref|not valid|unadvertised/i.test(words);
}

/** Lines `object TAB name`, as dumb http and `git ls-remote` have them; `name^{}` is what the tag before it points to. */
export function refsOfLines(lines: readonly string[]): Ref[] | undefined {
  const refs: Ref[] = [];
  const targets = new Map<string, string>();
  for (const line of lines) {
    const symbolic = /^ref: ([^\t]+)\t([^\t]+)$/.exec(line);
    if (symbolic) {
      targets.set(symbolic[2]!, symbolic[1]!);
      continue;
    }
    const match = /^([0-9a-f]{40,64})\t([^\t]+)$/.exec(line);
    if (!match) return undefined;
    const [, object, name] = match as unknown as [string, string, string];
    const last = refs.at(-1);
    if (name === "capabilities^{}") continue;
    if (name.endsWith("^{}") && last?.name === name.slice(0, -3)) last.peeled = object;
    else refs.push({ name, object, ...(targets.has(name) && { target: targets.get(name)! }) });
  }
  return refs;
}
