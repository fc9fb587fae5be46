/** One packet of git's wire format (gitprotocol-common, "pkt-line Format"). */
export type Packet = Buffer | "flush" | "delimiter" | "response-end";

const SPECIAL: Record<number, Packet> = { 0: "flush", 1: "delimiter", 2: "response-end" };

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
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length;) {
    const digits = bytes.toString("latin1", at, at + 4);
    if (!/^[0-9a-f]{4}$/i.test(digits)) return options.cut && bytes.length - at < 4 ? packets : undefined;
    const length = Number.parseInt(digits, 16);
    if (length < 4) {
      const special = SPECIAL[length];
      if (special === undefined) return undefined;
      packets.push(special);
      at += 4;
      continue;
    }
    if (at + length > bytes.length) return options.cut ? packets : undefined;
    packets.push(bytes.subarray(at + 4, at + length));
    at += length;
  }
  return packets;
}

/** The packet's text without its final newline. */
export function packetText(packet: Packet): string {
  return typeof packet === "string" ? "" : packet.toString("utf8").replace(/\n$/, "");
}
