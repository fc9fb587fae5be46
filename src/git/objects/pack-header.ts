/** What a pack says of itself (gitformat-pack): twelve bytes. */
export interface PackHeader {
  version: number;
  /** Objects in it. */
  objects: number;
}

export const PACK_HEADER_LENGTH = 12;

/** Reads the beginning of a pack; undefined when it is none, or one that git does not read. */
export function readPackHeader(bytes: Buffer): PackHeader | undefined {
  if (bytes.length < PACK_HEADER_LENGTH || bytes.toString("latin1", 0, 4) !== "PACK") return undefined;
  const version = bytes.readUInt32BE(4);
  if (version !== 2 && version !== 3) return undefined;
  return { version, objects: bytes.readUInt32BE(8) };
}

/** Type and size before each object (gitformat-pack): four bits of the size, then seven in each byte. */
export function objectHead(pack: Buffer, at: number): { type: number; size: number; end: number } | undefined {
  let byte = pack[at];
  if (byte === undefined) return undefined;
  const type = (byte >> 4) & 7;
  let size = byte & 15;
  let end = at + 1;
  for (let unit = 16; byte & 0x80; unit *= 128) {
    byte = pack[end];
    end += 1;
    if (byte === undefined || unit > 2 ** 45) return undefined;
    size += (byte & 0x7f) * unit;
  }
  return { type, size, end };
}
