import { lutimesSync, mkdirSync, symlinkSync } from "node:fs";
import type { LargeFile, Manifest, Segment } from "./manifest.ts";
import { onTarget } from "./unpack-piece.ts";
import { unpackPieces, type WeighedPiece } from "./unpack-pieces.ts";

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

/**
 * Writes a kept tree into the folder, by several threads where it is large or one of several. No inode of the cache is in it. Throws DamagedTree,
 * DISK_FULL or DISK_NOT_WRITABLE, or what the signal was aborted for; then nothing writes there any more.
 */
export async function unpackTree(options: UnpackOptions): Promise<void> {
  const { tree, signal } = options;
  const manifest = options.leaveOut === undefined ? options.manifest : without(options.manifest, options.leaveOut);
  onTarget(tree, () => {
    for (const path of manifest.folders) mkdirSync(`${tree}/${path}`);
  });
  await unpackPieces(piecesOf(manifest, options), signal);
  onTarget(tree, () => {
    for (const [path, target, own = manifest.time] of manifest.links) {
      symlinkSync(target, `${tree}/${path}`);
      lutimesSync(`${tree}/${path}`, own, own);
    }
  });
}

function without(manifest: Manifest, leaveOut: (path: string) => boolean): Manifest {
  const segments = manifest.segments.map((segment) => ({
    ...segment,
    files: segment.files.filter(([path]) => !leaveOut(path)),
  }));
  return { ...manifest, segments, large: manifest.large.filter(({ path }) => !leaveOut(path)) };
}

/** Some 20 ms of work: others have their turn between two of them. */
const USUAL = 1_500;
/** To write so many bytes takes as long as to make a file. */
const BYTES = 16 * 1024;

function piecesOf({ time, segments, large }: Manifest, { folder, tree, reflink }: UnpackOptions): WeighedPiece[] {
  const pieces: (WeighedPiece & { segments: Segment[]; large: LargeFile[] })[] = [];
  function pieceFor(weight: number): { segments: Segment[]; large: LargeFile[] } {
    let last = pieces.at(-1);
    if (last === undefined || last.weight + weight > USUAL) {
      last = { folder, tree, time, reflink, segments: [], large: [], weight: 0 };
      pieces.push(last);
    }
    last.weight += weight;
    return last;
  }
  for (const segment of segments) pieceFor(segment.files.length + segment.size / BYTES).segments.push(segment);
  for (const file of large) pieceFor(1 + (reflink ? 0 : file.size / BYTES)).large.push(file);
  return pieces;
}
