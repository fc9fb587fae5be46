import {
  checkShape,
  isEmpty,
  nodeOf,
  plainData,
  readYaml,
  schemas,
  sourceOf,
  type YamlNode,
  type YamlScalar,
} from "../spec/index.ts";

/** Types an input can have. Those that say nothing more than "a text" are one entry each. */
const TEXT_TYPES = [
  "str",
  "string",
  "uri",
  "auth",
  "path",
  "image",
  "dockerfile",
  "event",
  "metadata",
  "metric",
  "artifacts",
  "s3",
  "gcs",
  "wasb",
  "tensorboard",
];
const OPEN_TYPES = [
  "artifacts",
  "auth",
  "event",
  "metadata",
  "dockerfile",
  "tensorboard",
  "s3",
  "gcs",
  "wasb",
  "dict_of_dicts",
];

export const INPUT_TYPES: readonly string[] = [
  ...new Set([
    "any",
    "int",
    "float",
    "bool",
    ...TEXT_TYPES,
    ...OPEN_TYPES,
    "git",
    "file",
    "date",
    "datetime",
    "uuid",
    "dict",
    "list",
  ]),
];

/** A value of its type, or what is wrong with it. */
export type Typed = { node: YamlNode } | { fault: string; hint: string };

/** The value as the input's type has it; a text from the command line counts as if it were written in a file. */
export function typedValue(type: string, node: YamlNode): Typed {
  if (isEmpty(node)) return { node };
  const checker = Object.hasOwn(CHECKERS, type)
    ? CHECKERS[type]!
    : OPEN_TYPES.includes(type)
      ? (value: YamlNode): Typed => ({ node: value })
      : asText;
  return checker(node);
}

/** Each entry of a list as its type has it. */
export function typedList(type: string, node: YamlNode): Typed {
  if (isEmpty(node)) return { node };
  const list = structured(node);
  if (list?.kind !== "list")
    return { fault: "it must be a list", hint: "write [a, b], or one entry a line after `- `" };
  const items: YamlNode[] = [];
  for (const [index, item] of list.items.entries()) {
    const typed = typedValue(type, item);
    if ("fault" in typed) return { fault: `entry ${index + 1}: ${typed.fault}`, hint: typed.hint };
    items.push(typed.node);
  }
  return { node: { ...list, items } };
}

const CHECKERS: Record<string, (node: YamlNode) => Typed> = {
  any: (node) => ({ node }),
  int: (node) => asNumber(node, /^[-+]?(0|[1-9]\d*)$/, "a whole number", "3"),
  float: (node) => asNumber(node, /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/, "a number", "0.1"),
  bool: asBoolean,
  uuid: (node) =>
    matching(node, /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i, "a uuid", "0b6c1b1e-6f0e-4b62-9d3c-2f4e0d7a9c11"),
  date: (node) => asDate(node, /^\d{4}-\d{2}-\d{2}$/, "a date", "2026-01-31"),
  datetime: (node) =>
    asDate(
      node,
      /^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?([Zz]|[-+]\d{2}:?\d{2}))?)?$/,
      "a date and time",
      "2026-01-31T12:00:00Z",
    ),
  dict: (node) => asKind(node, "map", "a map", "{key: value}"),
  dict_of_dicts: (node) => asKind(node, "map", "a map", "{key: {…}}"),
  list: (node) => asKind(node, "list", "a list", "[a, b]"),
  git: (node) => asShape(node, "{url: …, revision: …}"),
  file: (node) => asKind(node, "map", "a map", "{filename: …, content: …}"),
};

function asText(node: YamlNode): Typed {
  if (node.kind !== "scalar")
    return { fault: `it must be a text, and is a ${node.kind}`, hint: "put quotes around it, if the text is meant" };
  return { node: { ...node, value: node.text, plain: false } };
}

function asNumber(node: YamlNode, form: RegExp, noun: string, example: string): Typed {
  const text = node.kind === "scalar" ? node.text.trim() : "";
  const value = Number(text);
  if (node.kind === "scalar" && typeof node.value === "number" && (noun === "a number" || Number.isInteger(node.value)))
    return { node };
  if (!form.test(text) || !Number.isFinite(value))
    return { fault: `it must be ${noun}, and is ${describe(node)}`, hint: `write ${noun} such as ${example}` };
  return { node: { ...(node as YamlScalar), value, text, plain: true } };
}

function asBoolean(node: YamlNode): Typed {
  const text = node.kind === "scalar" ? node.text.trim().toLowerCase() : "";
  const yes = ["true", "yes", "on", "1"].includes(text);
  if (!yes && !["false", "no", "off", "0"].includes(text))
    return { fault: `it must be true or false, and is ${describe(node)}`, hint: "write true or false" };
  return { node: { ...(node as YamlScalar), value: yes, text: String(yes), plain: true } };
}

function matching(node: YamlNode, form: RegExp, noun: string, example: string): Typed {
  if (node.kind === "scalar" && form.test(node.text)) return asText(node);
  return { fault: `it must be ${noun}, and is ${describe(node)}`, hint: `write ${noun} such as ${example}` };
}

function asDate(node: YamlNode, form: RegExp, noun: string, example: string): Typed {
  const typed = matching(node, form, noun, example);
  if ("fault" in typed) return typed;
  const day = (node as YamlScalar).text.slice(0, 10);
  const time = Date.parse(`${day}T00:00:00Z`);
  const exists = !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
  return exists
    ? typed
    : { fault: `${describe(node)} is no day of the calendar`, hint: `write ${noun} such as ${example}` };
}

function asKind(node: YamlNode, kind: "map" | "list", noun: string, example: string): Typed {
  const data = structured(node);
  return data?.kind === kind
    ? { node: data }
    : { fault: `it must be ${noun}, and is ${describe(node)}`, hint: `write ${example}` };
}

function asShape(node: YamlNode, example: string): Typed {
  const typed = asKind(node, "map", "a map", example);
  if ("fault" in typed) return typed;
  const { problems } = checkShape(schemas.gitFields, sourceOf(typed.node, ""));
  return problems[0] ? { fault: problems[0].message, hint: problems[0].hint } : typed;
}

/** Lists and maps may be given as JSON or YAML in one text, as on the command line. */
function structured(node: YamlNode): YamlNode | undefined {
  if (node.kind !== "scalar") return node;
  if (typeof node.value !== "string" || !/^\s*[[{]/.test(node.text)) return undefined;
  const source = readYaml(node.text, "");
  return source.problems.length === 0 && source.root ? nodeOf(plainData(source.root), node.spot) : undefined;
}

function describe(node: YamlNode): string {
  if (node.kind !== "scalar") return `a ${node.kind}`;
  return `"${node.text.length > 60 ? `${node.text.slice(0, 57)}…` : node.text}"`;
}
