/** One packet of git's wire format (gitprotocol-common, "pkt-line Format"). */
export type Packet = Buffer | "flush" | "delimiter" | "response-end";

const SPECIAL: Record<number, Packet> = { 0: "flush", 1: "delimiter", 2: "response-end" };
const LONGEST = 65520;
/** References of the longest list that is read are fewer; an answer of small packets would take 50 times its own size of memory. */
const MOST = 1_500_000;

/** Writes packets; a text gets the final newline that the protocol asks for. */
export function writePackets(packets: readonly (string | "flush" | "delimiter")[]): Buffer {
  return Buffer.concat(
    packets.map((packet) => {
      if (packet === "flush") return Buffer.from("0000");
      if (packet === "delimiter") return Buffer.from("0001");
      const data = Buffer.from(`${packet}\n`);
      return Buffer.concat([Buffer.from((data.length + 4).toString(16).padStart(4, "0")), data]);
    }),
  );
}

/** Reads packets; undefined when the bytes are anything else, or end in the middle of one (unless `cut` says that they may). */
export function readPackets(bytes: Buffer, options: { cut?: boolean } = {}): Packet[] | undefined {
  const reader = createPacketReader();
  const packets = reader.read(bytes);
  return !reader.broken() && (reader.left() === 0 || options.cut === true) ? packets : undefined;
}

/** Reads packets from bytes as they come. */
export interface PacketReader {
  /** The packets that are whole with this chunk, up to bytes that are none. */
  read: (chunk: Buffer) => Packet[];
  /** Whether there came bytes that are no packet, or too many packets at once; what follows is not read. */
  broken: () => boolean;
  /** Bytes of a packet that is not whole yet. */
  left: () => number;
}

/** A reader that keeps at most one packet, of 64 KiB, that is not whole yet. */
export function createPacketReader(): PacketReader {
  let rest: Buffer = Buffer.alloc(0);
  let broken = false;
  function read(chunk: Buffer): Packet[] {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const packets: Packet[] = [];
    let at = 0;
    while (!broken && at + 4 <= bytes.length) {
      const length = packets.length < MOST ? lengthAt(bytes, at) : undefined;
      if (length === undefined) {
        broken = true;
      } else if (length < 4) {
        packets.push(SPECIAL[length]!);
        at += 4;
      } else if (at + length > bytes.length) {
        break;
      } else {
        packets.push(bytes.subarray(at + 4, at + length));
        at += length;
      }
    }
    rest = broken ? Buffer.alloc(0) : bytes.subarray(at);
    return packets;
  }
  return { read, broken: () => broken, left: () => rest.length };
}

/** Four hexadecimal digits; 3 is no length, and none is above 65520. */
function lengthAt(bytes: Buffer, at: number): number | undefined {
  const digits = bytes.toString("latin1", at, at + 4);
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) return undefined;
  const length = Number.parseInt(digits, 16);
  return length === 3 || length > LONGEST ? undefined : length;
}

/** The packet's text without its final newline. */
export function packetText(packet: Packet): string {
  return typeof packet === "string" ? "" : packet.toString("utf8").replace(/\n$/, "");
}
