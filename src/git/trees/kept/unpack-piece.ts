import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  futimesSync,
  openSync,
  readSync,
  statSync,
  utimesSync,
} from "node:fs";
import { crc32 } from "node:zlib";
import { errnoOf, limitError, writeError } from "../../../lib/index.ts";
import { SEGMENT, type LargeFile, type Segment } from "./manifest.ts";
import { writeAll } from "../write-all.ts";

/** Some files of a kept tree, and where they go. Nothing but data, for it is handed to other threads. */
export interface Piece {
  /** The kept tree. */
  folder: string;
  /** The folder that is filled. The folders that the files are in are there. */
  tree: string;
  /** Modification time of all that says no other, in seconds. */
  time: number;
  /** Whether blocks of large files can be shared between the two folders. */
  reflink: boolean;
  segments: readonly Segment[];
  large: readonly LargeFile[];
}

/** For reading, and without waiting for somebody to write, should a pipe have that name. */
export const READ_AT_ONCE = constants.O_RDONLY | constants.O_NONBLOCK;

/** What is kept is not what was written there, or is gone. */
export class DamagedTree extends Error {
  override readonly name = "DamagedTree";
}

/**
 * Writes the files in plain work, four calls to the system for a small one. No inode of the cache is among them. A generator: it stops after each segment, to
 * be gone on with or to be left. Throws DamagedTree, DISK_FULL or DISK_NOT_WRITABLE.
 */
export function* unpackPiece(piece: Piece): Generator<undefined, void> {
  const layers = new Map<string, number>();
  try {
    for (const segment of piece.segments) {
      const content = readSegment(segment, piece.folder, layers);
      onTarget(piece.tree, () => writeSmall(segment, content, piece));
      yield;
    }
  } finally {
    for (const layer of layers.values()) closeSync(layer);
  }
  for (const file of piece.large) {
    if (piece.reflink) shareLarge(file, piece);
    else yield* copyLarge(file, piece);
    yield;
  }
}

function readSegment(segment: Segment, folder: string, layers: Map<string, number>): Buffer {
  const content = room().subarray(0, segment.size);
  onKept(() => {
    let layer = layers.get(segment.layer);
    if (layer === undefined) layers.set(segment.layer, (layer = openSync(`${folder}/${segment.layer}`, READ_AT_ONCE)));
    for (let done = 0; done < content.length;) {
      const read = readSync(layer, content, done, content.length - done, segment.at + done);
      if (read === 0) throw new DamagedTree(`${segment.layer} is too short`);
      done += read;
    }
  });
  if (crc32(content) !== segment.crc) throw new DamagedTree(`${segment.layer} has changed`);
  return content;
}

function writeSmall({ files }: Segment, content: Buffer, { tree, time }: Piece): void {
  for (const [path, offset, size, mode, own = time] of files) {
    const to = openSync(`${tree}/${path}`, "wx", mode);
    try {
      writeAll(to, content, offset, offset + size);
      futimesSync(to, own, own);
    } finally {
      closeSync(to);
    }
  }
}

function* copyLarge(file: LargeFile, { folder, tree, time }: Piece): Generator<undefined, void> {
  const from = onKept(() => openSync(`${folder}/${file.name}`, READ_AT_ONCE));
  try {
    const to = onTarget(tree, () => openSync(`${tree}/${file.path}`, "wx", file.mode));
    try {
      let crc = 0;
      for (let left = file.size; left > 0;) {
        const buffer = room();
        const read = onKept(() => readSync(from, buffer, 0, Math.min(left, SEGMENT), null));
        if (read === 0) throw new DamagedTree(`${file.name} is too short`);
        const chunk = buffer.subarray(0, read);
        crc = crc32(chunk, crc);
        onTarget(tree, () => writeAll(to, chunk));
        left -= read;
        yield;
      }
      if (crc !== file.crc) throw new DamagedTree(`${file.name} has changed`);
      onTarget(tree, () => futimesSync(to, file.time ?? time, file.time ?? time));
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(from);
  }
}

/** The content is the kept file's own blocks, which no write to the copy changes; it is not read, so only its size is compared. */
function shareLarge(file: LargeFile, { folder, tree, time }: Piece): void {
  const from = `${folder}/${file.name}`;
  const to = `${tree}/${file.path}`;
  const size = onKept(() => statSync(from).size);
  if (size !== file.size) throw new DamagedTree(`${file.name} has ${size} bytes, not ${file.size}`);
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    chmodSync(to, file.mode & ~process.umask());
    utimesSync(to, file.time ?? time, file.time ?? time);
  } catch (cause) {
    throw errnoOf(cause) === "ENOENT" ? new DamagedTree(`${file.name} is gone`) : writeError(tree, cause);
  }
}

let own: Buffer | undefined;

/** One for all: what is read into it is written before anything else has its turn, and a new one each time would be more to collect than all the rest. */
function room(): Buffer {
  return (own ??= Buffer.allocUnsafeSlow(SEGMENT));
}

function onKept<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof DamagedTree) throw cause;
    throw (
      limitError("what is kept cannot be read", cause) ??
      new DamagedTree(`it cannot be read (${errnoOf(cause) ?? String(cause)})`, { cause })
    );
  }
}

/** Does something in the folder that is filled; what the system has against it is told as an error of ours. */
export function onTarget<T>(tree: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw writeError(tree, cause);
  }
}
