import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from "yaml";
import type { ProblemInput } from "../lib/index.ts";
import {
  placeOf,
  type YamlEntry,
  type YamlNode,
  type YamlOrigin,
  type YamlScalar,
  type YamlSpot,
} from "./yaml-node.ts";

/** Nodes that aliases and merges may add to what is written: enough for any file, and the end of an alias bomb. */
const MOST_ALIASED = 50_000;

interface Conversion {
  document: Document;
  origin: YamlOrigin;
  problems: ProblemInput[];
}

/** A composed document as nodes: aliases resolved, `<<` merged, duplicate keys told. Undefined when it is empty. */
export function convertDocument({ document, origin, problems }: Conversion): YamlNode | undefined {
  const anchors = new Map<string, { node?: YamlNode }>();
  const sizes = new Map<YamlNode, number>();
  let aliased = 0;
  if (document.contents === null) return undefined;
  const root = convert(document.contents as Node);
  return problems.length > 0 || (root.kind === "scalar" && root.value === null && root.text === "") ? undefined : root;

  function convert(node: Node | null, fallback = 0): YamlNode {
    if (isAlias(node)) return resolve(node);
    const anchor = node && "anchor" in node ? node.anchor : undefined;
    const slot: { node?: YamlNode } = {};
    if (anchor !== undefined) anchors.set(anchor, slot);
    const spot = spotOf(node, fallback);
    const result: YamlNode = isMap(node)
      ? { kind: "map", spot, entries: convertPairs(node.items as Pair[]) }
      : isSeq(node)
        ? { kind: "list", spot, items: node.items.map((item) => convert(item as Node, spot.offset)) }
        : convertScalar(node as Scalar | null, spot);
    slot.node = result;
    sizes.set(result, sizeOf(result));
    return result;
  }

  function convertPairs(pairs: Pair[]): Map<string, YamlEntry> {
    const entries = new Map<string, YamlEntry>();
    const merges: { spot: YamlSpot; value: YamlNode }[] = [];
    let empty: string | undefined;
    for (const { key, value } of pairs) {
      const spot = spotOf(key, value?.range?.[0] ?? 0);
      if (!isScalar(key) && key !== null) {
        if (problems.length < 100) problems.push(keyProblem(spot, isMap(key)));
        continue;
      }
      const name = key === null ? "" : written(key);
      const converted = convert(value, spot.offset);
      if (name === "<<" && isPlain(key)) merges.push({ spot, value: converted });
      else if (name === "__proto__") problems.push(protoProblem(spot));
      else if (entries.has(name)) problems.push(duplicateProblem(name, spot, { first: entries.get(name)!.key, empty }));
      else entries.set(name, { key: spot, value: converted });
      empty =
        value === null || (converted.kind === "scalar" && converted.plain && converted.text === "") ? name : undefined;
    }
    for (const merge of merges) mergeInto(entries, merge);
    return entries;
  }

  function mergeInto(entries: Map<string, YamlEntry>, { spot, value }: { spot: YamlSpot; value: YamlNode }): void {
    for (const source of value.kind === "list" ? value.items : [value]) {
      if (source.kind !== "map") {
        problems.push({
          code: "YAML_INVALID",
          message: "`<<` merges a map, or a list of maps",
          hint: "name an anchor of a map: `<<: *name`",
          place: placeOf(spot),
        });
        return;
      }
      if (!allow(source.entries.size, spot)) return;
      for (const [name, entry] of source.entries) if (!entries.has(name)) entries.set(name, entry);
    }
  }

  function resolve(alias: Alias): YamlNode {
    const spot = spotOf(alias, 0);
    const target = anchors.get(alias.source);
    const nothing: YamlScalar = { kind: "scalar", spot, value: null, text: "", plain: true };
    if (!target?.node) {
      const message = target
        ? `the alias "*${alias.source}" is inside the value it stands for`
        : "there is no anchor of this name before this alias";
      problems.push({ code: "YAML_INVALID", message, hint: aliasHint(target !== undefined), place: placeOf(spot) });
      return nothing;
    }
    return allow(sizes.get(target.node) ?? 1, spot) ? target.node : nothing;
  }

  function allow(size: number, spot: YamlSpot): boolean {
    const before = aliased;
    aliased += size;
    if (aliased <= MOST_ALIASED) return true;
    if (before <= MOST_ALIASED) {
      problems.push({
        code: "YAML_INVALID",
        message: `the aliases of this file stand for more than ${MOST_ALIASED} values`,
        hint: "write fewer aliases of aliases",
        place: placeOf(spot),
      });
    }
    return false;
  }

  function sizeOf(node: YamlNode): number {
    let size = 1;
    if (node.kind === "list") for (const item of node.items) size += sizes.get(item) ?? 1;
    if (node.kind === "map") for (const entry of node.entries.values()) size += sizes.get(entry.value) ?? 1;
    return size;
  }

  function spotOf(node: Node | null | undefined, fallback: number): YamlSpot {
    return { origin, offset: node?.range?.[0] ?? fallback };
  }
}

interface Pair {
  key: Node | null;
  value: Node | null;
}

function convertScalar(node: Scalar | null, spot: YamlSpot): YamlScalar {
  if (node === null) return { kind: "scalar", spot, value: null, text: "", plain: true };
  const text = written(node);
  return { kind: "scalar", spot, value: valueOf(node, text), text, plain: isPlain(node) };
}

/** `0123` is 83 to YAML 1.1 and 123 to YAML 1.2: neither is guessed, it stays a text that a number field refuses. */
function valueOf(node: Scalar, text: string): YamlScalar["value"] {
  const { value } = node;
  if (typeof value === "number") return Number.isFinite(value) && !/^[-+]?0\d/.test(text) ? value : text;
  if (typeof value === "bigint") return text;
  return typeof value === "string" || typeof value === "boolean" || value === null ? value : text;
}

function written(node: Scalar): string {
  if (!isPlain(node) || typeof node.value === "string") return String(node.value ?? "");
  return node.source ?? "";
}

function isPlain(node: Scalar | null): boolean {
  return node === null || node.type === "PLAIN" || node.type === undefined;
}

/** `empty` is the key right before, where it has no value: what follows it may have lost its indentation. */
function duplicateProblem(
  name: string,
  spot: YamlSpot,
  { first, empty }: { first: YamlSpot; empty: string | undefined },
): ProblemInput {
  const below = empty === undefined ? "" : `, or indent it if it belongs below \`${empty}:\``;
  return {
    code: "FIELD_DUPLICATE",
    message: `"${name}" is there twice`,
    hint: `the first one is in line ${placeOf(first).line}: keep one of them${below}`,
    place: placeOf(spot),
  };
}

function keyProblem(spot: YamlSpot, isMapKey: boolean): ProblemInput {
  return {
    code: "YAML_INVALID",
    message: isMapKey ? "a map is used as a key: is it a template without quotes?" : "a key must be a text",
    hint: isMapKey ? 'put quotes around a template: "{{ name }}"' : "write a text before the colon",
    place: placeOf(spot),
  };
}

function protoProblem(spot: YamlSpot): ProblemInput {
  return {
    code: "FIELD_UNKNOWN",
    message: '"__proto__" cannot be a key',
    hint: "take another name",
    place: placeOf(spot),
  };
}

function aliasHint(known: boolean): string {
  return known
    ? "a value cannot hold itself"
    : 'write the anchor first ("&name" before its value), or quote a text that begins with "*"';
}
