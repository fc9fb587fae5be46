import type { YamlEntry, YamlMap, YamlNode, YamlSpot } from "../spec/index.ts";

/** The value below a key; undefined when the node is no map or has no such key. */
export function get(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return node?.kind === "map" ? node.entries.get(key)?.value : undefined;
}

/** The text of a scalar that is not empty. */
export function textOf(node: YamlNode | undefined): string | undefined {
  return node?.kind === "scalar" && node.value !== null ? node.text : undefined;
}

/** The value when it is a map. */
export function asMap(node: YamlNode | undefined): YamlMap | undefined {
  return node?.kind === "map" ? node : undefined;
}

/** A copy of a map with one entry set. */
export function withEntry(map: YamlMap, key: string, entry: YamlEntry): YamlMap {
  return { ...map, entries: new Map([...map.entries, [key, entry]]) };
}

/** A copy of a map without some keys. */
export function withoutKeys(map: YamlMap, keys: readonly string[]): YamlMap {
  return { ...map, entries: new Map([...map.entries].filter(([key]) => !keys.includes(key))) };
}

/** A map of nodes that were written elsewhere. */
export function mapOf(spot: YamlSpot, entries: Record<string, YamlNode | undefined>): YamlMap {
  const present = Object.entries(entries).filter((entry): entry is [string, YamlNode] => entry[1] !== undefined);
  return { kind: "map", spot, entries: new Map(present.map(([key, value]) => [key, { key: value.spot, value }])) };
}

/** Where a key is written, or the map itself when it is not there. */
export function spotOfKey(map: YamlMap, key: string): YamlSpot {
  return map.entries.get(key)?.key ?? map.spot;
}

/** A spot for what was given on the command line; it is in no file, and problems have no place there. */
export function commandLineSpot(what: string): YamlSpot {
  return { origin: { file: what, lineStarts: [] }, offset: 0 };
}

/** True for a spot that is a place in a file. */
export function isInFile(spot: YamlSpot): boolean {
  return spot.origin.lineStarts.length > 0;
}
