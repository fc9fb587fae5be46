import type { HttpStream } from "../http/exchange.ts";
import { createPacketReader, packetText, type Packet } from "./pkt-line.ts";

/** What a server says before the pack: where the history that is then there ends (gitprotocol-v2, "shallow-info"). */
export interface ShallowInfo {
  /** Commits whose parents are not sent. */
  shallow: string[];
  /** Commits that were such until now. */
  unshallow: string[];
}

/** An answer to protocol v2's `fetch`. */
export interface FetchAnswer extends ShallowInfo {
  /** The pack, in the pieces that came at once; to be read once, to its end. */
  pack: AsyncIterable<Buffer[]>;
  /** Reads what is left after the pack, so that the connection is free again; closes it when that is not a matter of a moment. */
  finish: () => Promise<void>;
}

/** An answer that is none, with the server's own words where it has some. */
export interface FetchRefusal {
  refused: string | undefined;
}

/** How reading an answer tells what it meets. */
export interface Ear {
  /** What the server says while it works. */
  onWords: (text: string) => void;
  /** The error for an answer that ends before its end. */
  cutShort: () => Error;
  /** The error for an answer that is no longer the protocol, or in which the server says what went wrong. */
  broken: (words: string | undefined) => Error;
  /** The error for bytes that come too slowly. */
  tooSlow: () => Error;
  /** Milliseconds in which a packet must come, or as many bytes as make a kilobyte a second. */
  stall: number;
}

const MOST_SHALLOW = 1_000_000;
const SLOWEST = 1000;
const END_WAIT = 1_000;

/** Reads an answer up to where the pack begins. */
export async function readFetchAnswer(stream: HttpStream, ear: Ear): Promise<FetchAnswer | FetchRefusal> {
  const packets = packetsOf(stream, ear);
  const info: ShallowInfo = { shallow: [], unshallow: [] };
  for (;;) {
    const { value: batch } = await packets.next();
    for (const [index, packet] of (batch ?? []).entries()) {
      const line = packetText(packet);
      if (line === "packfile") return { ...info, ...packAfter(batch!.slice(index + 1), { packets, stream, ear }) };
      const [, kind, commit] = /^(shallow|unshallow) ([0-9a-f]{40,64})$/.exec(line) ?? [];
      if (commit !== undefined) info[kind as keyof ShallowInfo].push(commit);
      const over = packet === "flush" || info.shallow.length + info.unshallow.length > MOST_SHALLOW;
      if (over || line.startsWith("ERR ")) return refusal(stream, line);
    }
    // no packets, or none before the answer's end
    if (batch === undefined) return refusal(stream, "");
  }
}

function refusal(stream: HttpStream, line: string): FetchRefusal {
  stream.drop();
  return { refused: line.startsWith("ERR ") ? line.slice(4) : undefined };
}

/** The packets that each chunk completes; at last undefined when there come bytes that are none. */
async function* packetsOf(
  { chunks, waited }: HttpStream,
  { stall, tooSlow, cutShort }: Ear,
): AsyncGenerator<Packet[] | undefined, undefined> {
  const reader = createPacketReader();
  let since = 0;
  let bytes = 0;
  for await (const chunk of chunks) {
    const packets = reader.read(chunk);
    yield packets;
    if (reader.broken()) return yield undefined;
    bytes += chunk.length;
    const period = waited() - since;
    if (packets.length === 0 && period < stall) continue;
    if (packets.length === 0 && (bytes * 1000) / period < SLOWEST) throw tooSlow();
    since = waited();
    bytes = 0;
  }
  if (reader.left() > 0) throw cutShort();
}

interface Rest {
  packets: ReturnType<typeof packetsOf>;
  stream: HttpStream;
  ear: Ear;
}

function packAfter(first: Packet[], { packets, stream, ear }: Rest): Pick<FetchAnswer, "pack" | "finish"> {
  async function* pack(): AsyncGenerator<Buffer[]> {
    let whole = false;
    try {
      for (let batch: Packet[] | undefined = first; ;) {
        if (batch === undefined) throw ear.broken(undefined);
        const { pieces, over } = demultiplex(batch, ear);
        whole = over;
        if (pieces.length > 0) yield pieces;
        if (whole) return;
        const next: IteratorResult<Packet[] | undefined, undefined> = await packets.next();
        if (next.done === true) throw ear.cutShort();
        batch = next.value;
      }
    } finally {
      if (!whole) stream.drop();
    }
  }
  async function finish(): Promise<void> {
    const timer = setTimeout(() => stream.drop(), END_WAIT);
    try {
      const { done } = await packets.next();
      if (done !== true) stream.drop();
    } catch {
      // the pack is whole: how the connection ends is nobody's concern
    } finally {
      clearTimeout(timer);
    }
  }
  return { pack: pack(), finish };
}

/** Takes the bands of packets apart (gitprotocol-pack, "Packfile Data"): 1 is the pack, 2 words, 3 the server's last words. */
function demultiplex(packets: readonly Packet[], ear: Ear): { pieces: Buffer[]; over: boolean } {
  const pieces: Buffer[] = [];
  for (const packet of packets) {
    if (packet === "flush") return { pieces, over: true };
    if (typeof packet === "string") throw ear.broken(undefined);
    const data = packet.subarray(1);
    if (packet[0] === 1) {
      if (data.length > 0) pieces.push(data);
    } else if (packet[0] === 2) ear.onWords(data.toString("utf8"));
    else if (packet[0] === 3) throw ear.broken(data.toString("utf8").trim());
    else throw ear.broken(/^ERR (.*)/s.exec(packetText(packet))?.[1]);
  }
  return { pieces, over: false };
}
