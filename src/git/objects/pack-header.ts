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
