import {
  chmodSync,
  closeSync,
  constants,
  futimesSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { errnoOf, writeError } from "../../../lib/index.ts";
import { breathe } from "./breathe.ts";
import { SEGMENT, type LargeFile, type Manifest, type Segment } from "./manifest.ts";
import { writeAll } from "../write-all.ts";

export interface UnpackOptions {
  manifest: Manifest;
  /** The kept tree. */
  folder: string;
  /** An empty folder. */
  tree: string;
  /** Whether blocks of large files can be shared between the two folders. */
  reflink: boolean;
  signal: AbortSignal;
  /** Paths that are not wanted. */
  leaveOut?: (path: string) => boolean;
}

/** What is kept is not what was written there, or is gone. */
export class DamagedTree extends Error {
  override readonly name = "DamagedTree";
}

/**
 * Writes a kept tree into the folder: one plain loop, four calls to the system for a small file. No inode of the cache is in it. Throws DamagedTree,
 * DISK_FULL or DISK_NOT_WRITABLE.
 */
export async function unpackTree(options: UnpackOptions): Promise<void> {
  const { folder, tree, reflink, signal } = options;
  const manifest = options.leaveOut === undefined ? options.manifest : without(options.manifest, options.leaveOut);
  const { time } = manifest;
  for (const path of manifest.folders) onTarget(tree, () => mkdirSync(`${tree}/${path}`));
  const layers = new Map<string, number>();
  const buffer = Buffer.allocUnsafe(SEGMENT);
  try {
    for (const segment of manifest.segments) {
      const content = readSegment(segment, { folder, layers, buffer });
      onTarget(tree, () => writeSmall(segment, { content, tree, time }));
      await breathe(signal);
    }
  } finally {
    for (const layer of layers.values()) closeSync(layer);
  }
  for (const file of manifest.large) {
    if (reflink) await shareLarge(file, { folder, tree, time });
    else await copyLarge(file, { folder, tree, time, buffer, signal });
  }
  for (const [path, target, own = time] of manifest.links) {
    onTarget(tree, () => {
      symlinkSync(target, `${tree}/${path}`);
      lutimesSync(`${tree}/${path}`, own, own);
    });
  }
}

function without(manifest: Manifest, leaveOut: (path: string) => boolean): Manifest {
  const segments = manifest.segments.map((segment) => ({
    ...segment,
    files: segment.files.filter(([path]) => !leaveOut(path)),
  }));
  return { ...manifest, segments, large: manifest.large.filter(({ path }) => !leaveOut(path)) };
}

interface Reading {
  folder: string;
  layers: Map<string, number>;
  buffer: Buffer;
}

function readSegment(segment: Segment, { folder, layers, buffer }: Reading): Buffer {
  const content = buffer.subarray(0, segment.size);
  onKept(() => {
    let layer = layers.get(segment.layer);
    if (layer === undefined) layers.set(segment.layer, (layer = openSync(join(folder, segment.layer), "r")));
    for (let done = 0; done < content.length;) {
      const read = readSync(layer, content, done, content.length - done, segment.at + done);
      if (read === 0) throw new DamagedTree(`${segment.layer} is too short`);
      done += read;
    }
  });
  if (crc32(content) !== segment.crc) throw new DamagedTree(`${segment.layer} has changed`);
  return content;
}

function writeSmall(
  { files }: Segment,
  { content, tree, time }: { content: Buffer; tree: string; time: number },
): void {
  for (const [path, offset, size, mode, own = time] of files) {
    const to = openSync(`${tree}/${path}`, "wx", mode);
    try {
      writeAll(to, content.subarray(offset, offset + size));
      futimesSync(to, own, own);
    } finally {
      closeSync(to);
    }
  }
}

interface Copying {
  folder: string;
  tree: string;
  time: number;
}

async function copyLarge(
  file: LargeFile,
  { folder, tree, time, buffer, signal }: Copying & { buffer: Buffer; signal: AbortSignal },
): Promise<void> {
  const from = onKept(() => openSync(join(folder, file.name), "r"));
  try {
    const to = onTarget(tree, () => openSync(`${tree}/${file.path}`, "wx", file.mode));
    try {
      let crc = 0;
      for (let left = file.size; left > 0;) {
        const read = onKept(() => readSync(from, buffer, 0, Math.min(left, SEGMENT), null));
        if (read === 0) throw new DamagedTree(`${file.name} is too short`);
        const chunk = buffer.subarray(0, read);
        crc = crc32(chunk, crc);
        onTarget(tree, () => writeAll(to, chunk));
        left -= read;
        await breathe(signal);
      }
      if (crc !== file.crc) throw new DamagedTree(`${file.name} has changed`);
      futimesSync(to, file.time ?? time, file.time ?? time);
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(from);
  }
}

/** The content is the kept file's own blocks, which no write to the copy changes; it is not read, so only its size is compared. */
async function shareLarge(file: LargeFile, { folder, tree, time }: Copying): Promise<void> {
  const from = join(folder, file.name);
  const to = `${tree}/${file.path}`;
  const size = onKept(() => statSync(from).size);
  if (size !== file.size) throw new DamagedTree(`${file.name} has ${size} bytes, not ${file.size}`);
  await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL).catch((cause: unknown) => {
    throw errnoOf(cause) === "ENOENT" ? new DamagedTree(`${file.name} is gone`) : writeError(tree, cause);
  });
  onTarget(tree, () => {
    chmodSync(to, file.mode & ~process.umask());
    utimesSync(to, file.time ?? time, file.time ?? time);
  });
}

function onKept<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof DamagedTree) throw cause;
    throw new DamagedTree(`it cannot be read (${errnoOf(cause) ?? String(cause)})`, { cause });
  }
}

function onTarget<T>(tree: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw writeError(tree, cause);
  }
}
