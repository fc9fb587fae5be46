import { open, type FileHandle } from "node:fs/promises";

const HEADER = 8;
const FANOUT = 256 * 4;

/** Which of these objects a pack does not hold, by its index of version 2 (gitformat-pack): a few bytes are read, no process is started. */
export async function missingInPack(indexPath: string, objects: readonly string[]): Promise<string[]> {
  const file = await open(indexPath, "r");
  try {
    const head = await read(file, 0, HEADER + FANOUT);
    if (head.readUInt32BE(0) !== 0xff744f63 || head.readUInt32BE(4) !== 2) return [...objects];
    const missing: string[] = [];
    for (const object of objects) if (!(await isThere(file, head, object))) missing.push(object);
    return missing;
  } finally {
    await file.close();
  }
}

/** All names are sorted, and the fan-out table counts those up to each first byte. */
async function isThere(file: FileHandle, head: Buffer, object: string): Promise<boolean> {
  const name = Buffer.from(object, "hex");
  const first = name[0]!;
  const upTo = (byte: number): number => (byte < 0 ? 0 : head.readUInt32BE(HEADER + 4 * byte));
  const from = upTo(first - 1);
  const names = await read(file, HEADER + FANOUT + from * name.length, (upTo(first) - from) * name.length);
  let [low, high] = [0, names.length / name.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = names.subarray(middle * name.length, (middle + 1) * name.length).compare(name);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}

/** What is beyond the file's end is zero. */
async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  await file.read(buffer, 0, length, position);
  return buffer;
}
