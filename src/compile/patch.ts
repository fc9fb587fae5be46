import { isEmpty, type PatchStrategy, plainData, type YamlEntry, type YamlMap, type YamlNode } from "../spec/index.ts";

/**
 * A patch applied to a map, as Polyaxon's presets and `runPatch` are:
 * `replace` (the patch wins, key by key), `isnull` (it fills what is not set), `post_merge` (deep, the patch last) and
 * `pre_merge` (deep, the patch first). Lists are joined under the merges, without repeating equal entries.
 */
export function applyPatch(map: YamlMap, patch: YamlMap, strategy: PatchStrategy): YamlMap {
  const entries = new Map(map.entries);
  for (const [key, entry] of patch.entries) {
    const before = entries.get(key);
    if (isEmpty(entry.value)) continue;
    if (before === undefined || isEmpty(before.value) || strategy === "replace") entries.set(key, entry);
    else if (strategy !== "isnull") entries.set(key, mergeEntries(before, entry, strategy));
  }
  return { ...map, entries };
}

function mergeEntries(before: YamlEntry, patch: YamlEntry, strategy: "post_merge" | "pre_merge"): YamlEntry {
  const [first, last] = strategy === "post_merge" ? [before, patch] : [patch, before];
  const [one, other] = [first.value, last.value];
  if (one.kind === "map" && other.kind === "map") {
    // The one that comes last wins, and keeps its place.
    const entries = new Map(one.entries);
    for (const [key, entry] of other.entries) {
      const held = entries.get(key);
      if (held === undefined || isEmpty(held.value)) entries.set(key, entry);
      else if (!isEmpty(entry.value)) entries.set(key, mergeEntries(held, entry, "post_merge"));
    }
    return { key: before.key, value: { ...one, entries } };
  }
  if (one.kind === "list" && other.kind === "list") return { key: before.key, value: joined(one, other) };
  return last;
}

function joined(first: YamlNode & { kind: "list" }, last: YamlNode & { kind: "list" }): YamlNode {
  const known = new Set(first.items.map(identity));
  return { ...first, items: [...first.items, ...last.items.filter((item) => !known.has(identity(item)))] };
}

function identity(node: YamlNode): string {
  return JSON.stringify(plainData(node));
}
