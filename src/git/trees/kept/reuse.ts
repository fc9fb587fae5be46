import { linkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { indexPath, type GitIndex } from "../git-index.ts";
import type { LargeFile, Manifest, Segment, SmallFile } from "./manifest.ts";

/** A kept tree, and the index that came with it. */
export interface Base {
  manifest: Manifest;
  folder: string;
  index: GitIndex;
}

/** What another kept tree has of it; their files are one inode each, in the cache only. */
export interface Reused {
  time: number;
  segments: Segment[];
  large: LargeFile[];
  /** As the index has them. */
  paths: ReadonlySet<string>;
  layers: number;
}

const MOST_LAYERS = 8;
const LINK = 0o120000;

/**
 * Links what has not changed into the new tree's folder. Undefined where it is better packed anew: it would become too many pieces, or most of what
 * they hold would be of no use; or the base is gone.
 */
export function reuse(base: Base, { index, folder }: { index: GitIndex; folder: string }): Reused | undefined {
  const before = new Map(base.index.entries.map(({ path, object, mode }) => [path, `${object} ${mode}`]));
  const same = index.entries.filter(({ path, object, mode }) => before.get(path) === `${object} ${mode}`);
  const unchanged = new Set(same.map(({ path }) => path));
  const kept = new Set<string>();
  const keep = (path: string): boolean => {
    const name = indexPath(path);
    if (unchanged.has(name)) kept.add(name);
    return unchanged.has(name);
  };
  const { manifest } = base;
  const segments = manifest.segments.flatMap((segment): Segment[] => {
    const files = segment.files.filter(([path]) => keep(path));
    return files.length === 0 ? [] : [{ ...segment, files }];
  });
  const large = manifest.large.filter(({ path }) => keep(path));
  const layers = new Set(segments.map(({ layer }) => layer));
  const highest = Math.max(0, ...[...layers].map((layer) => Number(layer.split("-")[1])));
  if (layers.size >= MOST_LAYERS || bytesUsed(segments) * 2 < bytesHeld(segments)) return undefined;
  const renamed = large.map((file, at) => ({ ...file, name: `large-${at + 1}` }));
  const links = [
    ...[...layers].map((name) => [name, name] as const),
    ...large.map(({ name }, at) => [name, renamed[at]!.name] as const),
  ];
  try {
    for (const [from, to] of links) linkSync(join(base.folder, from), join(folder, to));
  } catch {
    for (const [, to] of links) rmSync(join(folder, to), { force: true });
    return undefined;
  }
  // symbolic links are small: they are in the list itself
  for (const { path, mode } of same) if (mode === LINK) kept.add(path);
  return { time: manifest.time, segments, large: renamed, paths: kept, layers: highest };
}

function bytesHeld(segments: readonly Segment[]): number {
  return segments.reduce((sum, { size }) => sum + size, 0);
}

function bytesUsed(segments: readonly Segment[]): number {
  return segments.reduce((sum, { files }) => sum + files.reduce((all, [, , size]: SmallFile) => all + size, 0), 0);
}
