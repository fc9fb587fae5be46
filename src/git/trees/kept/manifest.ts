import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { limitError, readPlainFile } from "../../../lib/index.ts";

/**
 * What a kept tree consists of: everything that is needed to write it again without looking at a folder or a file's properties.
 * Small files lie one behind the other in segments of a layer (a file of the kept tree), which are read in one go; large ones are files of their own.
 */
export interface Manifest {
  /** Modification time of all that says no other, in seconds. */
  time: number;
  /** Each after its parent. */
  folders: string[];
  links: [path: string, target: string, time?: number][];
  segments: Segment[];
  large: LargeFile[];
}

export interface Segment {
  /** Name of the file that holds it. */
  layer: string;
  at: number;
  size: number;
  crc: number;
  files: SmallFile[];
}

/** `offset` counts from the segment's begin. */
export type SmallFile = [path: string, offset: number, size: number, mode: number, time?: number];

export interface LargeFile {
  /** Its name in the kept tree. */
  name: string;
  path: string;
  size: number;
  mode: number;
  crc: number;
  time?: number;
}

/** Larger ones are copied as files, so that a file system that can share their blocks does. */
export const LARGEST_SMALL = 128 * 1024;
export const SEGMENT = 1024 * 1024;
/** As many as are written in some 15 ms: others have their turn between two segments. */
export const SEGMENT_FILES = 1_000;

const NAME = "manifest.json";

/** Writes the manifest, and gives what tells later whether it is still the same. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<{ size: number; crc: number }> {
  const text = Buffer.from(JSON.stringify(manifest));
  await writeFile(join(folder, NAME), text, { mode: 0o600, flag: "wx" });
  return { size: text.length, crc: crc32(text) };
}

/** Undefined when it is not what was written. Throws SYSTEM_LIMIT where that cannot be told. */
export async function readManifest(
  folder: string,
  written: { size: number; crc: number },
): Promise<Manifest | undefined> {
  const text = await readPlainFile(join(folder, NAME)).catch((error: unknown) => {
    const limit = limitError("what is kept cannot be read", error);
    if (limit !== undefined) throw limit;
  });
  if (!text || text.length !== written.size || crc32(text) !== written.crc) return undefined;
  return JSON.parse(text.toString("utf8")) as Manifest;
}
