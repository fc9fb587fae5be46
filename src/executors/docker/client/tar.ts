/** A file or folder of an archive. */
export interface TarEntry {
  /** Relative. A folder ends with a slash. */
  name: string;
  content?: Buffer;
  mode: number;
  uid: number;
  gid: number;
}

const BLOCK = 512;

/** An archive in the pax interchange format (POSIX.1-2001), in which the engine takes files with their owners. */
export function tarOf(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap((entry) => {
    const long = Buffer.byteLength(entry.name) > 100;
    return [...(long ? record(paxEntry(entry), "x") : []), ...record(entry, entry.name.endsWith("/") ? "5" : "0")];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function record({ name, content = Buffer.alloc(0), mode, uid, gid }: TarEntry, type: "0" | "5" | "x"): Buffer[] {
  const header = Buffer.alloc(BLOCK);
  header.write(Buffer.from(name).subarray(0, 100).toString("latin1"), 0, "latin1");
  header.write(octal(mode, 8), 100);
  writeNumber(header, { value: uid, at: 108 });
  writeNumber(header, { value: gid, at: 116 });
  header.write(octal(content.length, 12), 124);
  header.write(octal(Math.floor(Date.now() / 1000), 12), 136);
  header.write(" ".repeat(8), 148);
  header.write(type, 156);
  header.write("ustar\0" + "00", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return [header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)];
}

/** The name of the next entry, where it is longer than its field. */
function paxEntry({ name, uid, gid }: TarEntry): TarEntry {
  const rest = ` path=${name}\n`;
  const size = Buffer.byteLength(rest);
  let length = size + String(size).length;
  if (String(length).length > String(size).length) length += 1;
  return { name: "pax", content: Buffer.from(`${length}${rest}`), mode: 0o600, uid, gid };
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, "0")}\0`;
}

/** In octal, and in base 256 where that does not fit, as GNU tar does. */
function writeNumber(header: Buffer, { value, at }: { value: number; at: number }): void {
  if (value < 8 ** 7) header.write(octal(value, 8), at);
  else {
    header[at] = 0x80;
    header.writeUIntBE(value, at + 2, 6);
  }
}

/** The content of the first plain file of an archive; undefined where there is none. */
export function firstFile(archive: Buffer): Buffer | undefined {
  for (let at = 0; at + BLOCK <= archive.length;) {
    const size = Number.parseInt(archive.toString("latin1", at + 124, at + 135).trim() || "0", 8);
    const type = archive.toString("latin1", at + 156, at + 157);
    if (type === "0" || type === "\0") return archive.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return undefined;
}
