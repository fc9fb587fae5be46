import type { Place } from "../lib/index.ts";

/** A file that nodes come from; `lineStarts` are offsets of the first character of each line. */
export interface YamlOrigin {
  file: string;
  lineStarts: readonly number[];
  text?: string;
}

/** Where a node or a key begins; kept as an offset, so that a place costs nothing until it is shown. */
export interface YamlSpot {
  origin: YamlOrigin;
  offset: number;
}

/** YAML as data that still knows where it was written. Nodes are never changed, so aliases and merges share them. */
export type YamlNode = YamlScalar | YamlMap | YamlList;

export interface YamlScalar {
  kind: "scalar";
  spot: YamlSpot;
  /** By YAML 1.2's core schema; a number with a leading zero stays a text. */
  value: string | number | boolean | null;
  /** Exactly as written, for whoever asks for a text: `1e5`, `0x1F`, `1_000`. */
  text: string;
  /** Written without quotes, so that it may also be read as YAML 1.1 would (`yes`). */
  plain: boolean;
}

export interface YamlMap {
  kind: "map";
  spot: YamlSpot;
  entries: ReadonlyMap<string, YamlEntry>;
}

export interface YamlEntry {
  key: YamlSpot;
  value: YamlNode;
}

export interface YamlList {
  kind: "list";
  spot: YamlSpot;
  items: readonly YamlNode[];
}

/** The place of a spot, line and column from 1. */
export function placeOf(spot: YamlSpot): Place {
  const { file, lineStarts } = spot.origin;
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (lineStarts[middle]! <= spot.offset) low = middle;
    else high = middle - 1;
  }
  return { file, line: low + 1, column: spot.offset - (lineStarts[low] ?? 0) + 1 };
}

/** The node at a path, if there is one. */
export function nodeAt(root: YamlNode | undefined, path: readonly PropertyKey[]): YamlNode | undefined {
  let node = root;
  for (const step of path) node = child(node, step)?.value;
  return node;
}

/**
 * Where a path is written: its key, or its value. A value that is empty or not there is shown at its key, and a key
 * that is not there at the key of the map that should have it.
 */
export function spotAt(
  root: YamlNode | undefined,
  path: readonly PropertyKey[],
  part: "key" | "value",
): YamlSpot | undefined {
  let node = root;
  let key = root?.spot;
  for (const step of path) {
    const next = child(node, step);
    if (next === undefined) return key;
    key = next.key;
    node = next.value;
  }
  return part === "key" || node === undefined || isEmpty(node) ? key : node.spot;
}

/** The plain data of a node. Data of shared nodes is shared. */
export function plainData(root: YamlNode): unknown {
  const known = new Map<YamlNode, unknown>();
  return read(root);

  function read(node: YamlNode): unknown {
    if (node.kind === "scalar") return node.value;
    const before = known.get(node);
    if (before !== undefined) return before;
    const data =
      node.kind === "list"
        ? node.items.map(read)
        : Object.fromEntries([...node.entries].map(([key, entry]) => [key, read(entry.value)]));
    known.set(node, data);
    return data;
  }
}

/** Plain data as nodes that all say they were written at one spot. Depth is bounded by whoever made the data. */
export function nodeOf(data: unknown, spot: YamlSpot): YamlNode {
  if (Array.isArray(data)) return { kind: "list", spot, items: data.map((item) => nodeOf(item, spot)) };
  if (typeof data === "object" && data !== null) {
    const entries = Object.entries(data).map(
      ([key, value]) => [key, { key: spot, value: nodeOf(value, spot) }] as const,
    );
    return { kind: "map", spot, entries: new Map(entries) };
  }
  if (typeof data === "number" || typeof data === "boolean") {
    return { kind: "scalar", spot, value: data, text: String(data), plain: true };
  }
  if (data === null || data === undefined) return { kind: "scalar", spot, value: null, text: "", plain: true };
  return { kind: "scalar", spot, value: String(data), text: String(data), plain: false };
}

/** True for a value that is not written (`key:`), or written as null. */
export function isEmpty(node: YamlNode | undefined): boolean {
  return node === undefined || (node.kind === "scalar" && node.value === null);
}

function child(node: YamlNode | undefined, step: PropertyKey): YamlEntry | undefined {
  if (node?.kind === "map") return node.entries.get(String(step));
  if (node?.kind !== "list") return undefined;
  const item = node.items[Number(step)];
  return item && { key: item.spot, value: item };
}
