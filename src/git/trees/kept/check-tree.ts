import { open } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { limitError } from "../../../lib/index.ts";
import { manifestOf, type KeptTree } from "./kept-tree.ts";
import { DamagedTree, READ_AT_ONCE } from "./unpack-piece.ts";

/** Reads a kept tree whole, and compares it with its sums. Throws DamagedTree, or SYSTEM_LIMIT where that cannot be told. */
export async function checkTree(kept: KeptTree): Promise<void> {
  const { segments, large } = await manifestOf(kept);
  for (const { layer, at, size, crc } of segments) {
    const found = size === 0 ? { size, crc } : await sumOf(join(kept.folder, layer), { start: at, end: at + size - 1 });
    if (found.size !== size || found.crc !== crc) throw new DamagedTree(`${layer} has changed`);
  }
  for (const { name, size, crc } of large) {
    const found = await sumOf(join(kept.folder, name), { start: 0, end: size });
    if (found.size !== size || found.crc !== crc) throw new DamagedTree(`${name} has changed`);
  }
}

async function sumOf(path: string, range: { start: number; end: number }): Promise<{ size: number; crc: number }> {
  let [size, crc] = [0, 0];
  try {
    const file = await open(path, READ_AT_ONCE);
    for await (const chunk of file.createReadStream(range) as AsyncIterable<Buffer>) {
      size += chunk.length;
      crc = crc32(chunk, crc);
    }
  } catch (cause) {
    throw limitError("what is kept cannot be read", cause) ?? new DamagedTree(`"${path}" cannot be read`, { cause });
  }
  return { size, crc };
}
