import { nodeOf, placeOf, type YamlEntry, type YamlNode, type YamlScalar } from "../spec/index.ts";
import type { Report } from "./report.ts";
import { renderTemplate, type TemplateContext } from "./template.ts";

/** Characters that all templates of a file may make together. */
const LARGEST = 8_000_000;

export interface Rendering {
  context: TemplateContext;
  /** Values by their path in the context, as they were written: `lr`, `params.lr.value`. */
  written: ReadonlyMap<string, YamlNode>;
  report: Report;
  /** Characters made so far. */
  made: { characters: number };
}

/** A node with every text in it filled in, keys excepted. What a template gives is not looked at again. */
export function renderNode(node: YamlNode, rendering: Rendering): YamlNode {
  if (node.kind === "scalar") return renderScalar(node, rendering);
  if (node.kind === "map") {
    const entries = new Map<string, YamlEntry>();
    for (const [key, entry] of node.entries) entries.set(key, { ...entry, value: renderNode(entry.value, rendering) });
    return { ...node, entries };
  }
  return { ...node, items: node.items.flatMap((item) => renderItem(item, rendering)) };
}

/** `{{ params.as_args }}` alone becomes several entries; an `as_arg` that is empty becomes none. */
function renderItem(item: YamlNode, rendering: Rendering): YamlNode[] {
  const rendered = renderNode(item, rendering);
  if (item.kind !== "scalar" || rendered === item) return [rendered];
  const lone = /^\s*\{\{-?\s*params\b.*\.as_args?\s*-?\}\}\s*$/.test(item.text);
  if (!lone) return [rendered];
  if (rendered.kind === "list") return [...rendered.items];
  return rendered.kind === "scalar" && rendered.text === "" ? [] : [rendered];
}

function renderScalar(node: YamlScalar, rendering: Rendering): YamlNode {
  if (typeof node.value !== "string" || !(node.text.includes("{{") || node.text.includes("{%"))) return node;
  const result = renderTemplate(node.text, rendering.context);
  if (result.kind === "fault") {
    const { message, hint, offset } = result.fault;
    rendering.report.errors.push({
      code: "TEMPLATE_INVALID",
      message,
      hint,
      place: placeOf(templateSpot(node, offset)),
    });
    return node;
  }
  if (result.kind === "value") {
    const written = result.path === undefined ? undefined : rendering.written.get(result.path);
    const made = written?.kind === "scalar" ? { ...written, spot: node.spot } : nodeOf(result.value, node.spot);
    return measured(made, JSON.stringify(result.value)?.length ?? 0, rendering);
  }
  return measured({ ...node, value: result.text, text: result.text, plain: false }, result.text.length, rendering);
}

function measured(node: YamlNode, length: number, { made, report }: Rendering): YamlNode {
  const before = made.characters;
  made.characters += length;
  if (made.characters <= LARGEST) return node;
  if (before <= LARGEST) {
    const message = `the templates of this file make more than ${LARGEST} characters`;
    report.errors.push({
      code: "TEMPLATE_INVALID",
      message,
      hint: "pass large values as files",
      place: placeOf(node.spot),
    });
  }
  return { kind: "scalar", spot: node.spot, value: null, text: "", plain: true };
}

/** The place of a template in the file: found by its text, for quotes, escapes and folding move it. */
function templateSpot(node: YamlScalar, offset: number): YamlScalar["spot"] {
  const { text } = node.spot.origin;
  const line = node.text.slice(offset).split("\n", 1)[0]!.slice(0, 40);
  const at = text?.indexOf(line, node.spot.offset) ?? -1;
  const near = at !== -1 && at - node.spot.offset <= node.text.length * 2 + 200;
  return near ? { ...node.spot, offset: at } : node.spot;
}
