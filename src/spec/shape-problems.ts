import type * as z from "zod";
import { didYouMean, type ErrorCode, type Place, type ProblemInput } from "../lib/index.ts";
import { notSupportedHint } from "./not-supported.ts";
import { belongsElsewhere, otherNameFor } from "./other-names.ts";
import { olderKeyHint } from "./older-keys.ts";
import { exampleOf, typeHint } from "./type-hints.ts";
import type { YamlSource } from "./read-yaml.ts";
import { isEmpty, nodeAt, type YamlNode } from "./yaml-node.ts";

/** What zod knows of an issue while it parses: the schema that raised it, and what it was given. */
export interface RawIssue {
  inst?: unknown;
  input: unknown;
}

type Issue = z.core.$ZodIssue;

/** Zod's issues as problems of the file: where, what, and what to do. */
export function shapeProblems(issues: readonly Issue[], raw: readonly RawIssue[], source: YamlSource): ProblemInput[] {
  return issues.flatMap((issue) => problemsOf(issue, issue.path, { raw, source }));
}

interface Context {
  raw: readonly RawIssue[];
  source: YamlSource;
}

function problemsOf(issue: Issue, path: PropertyKey[], context: Context): ProblemInput[] {
  const { source } = context;
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey(key, [...path, key], rawOf(issue, context), source));
    case "invalid_union":
      return unionProblems(issue, path, context);
    case "invalid_key":
      return issue.issues.flatMap((one) => problemsOf(one, path, context));
    case "invalid_type":
      return [typeProblem(issue.expected, path, rawOf(issue, context), source)];
    case "invalid_value":
      return [valueProblem(issue.values, path, source)];
    case "custom": {
      const params = issue.params as { code?: ErrorCode; hint?: string; part?: "key" | "value" } | undefined;
      const hint = params?.hint ?? "see `bowline schema` for what may stand here";
      return [problem({ code: params?.code, message: issue.message, hint, path, part: params?.part, source })];
    }
    default: {
      const own = rawOf(issue, context) === undefined ? issue.message : undefined;
      const [message, hint] = limitText(issue);
      return [problem({ message: own ?? `${nameOf(path)} ${message}`, hint, path, source })];
    }
  }
}

function rawOf(issue: Issue, { raw }: Context): RawIssue | undefined {
  return /^#\d+$/.test(issue.message) ? raw[Number(issue.message.slice(1))] : undefined;
}

function unknownKey(key: string, path: PropertyKey[], raw: RawIssue | undefined, source: YamlSource): ProblemInput {
  const known = keysOf(raw?.inst);
  const where = path.length > 1 ? ` in ${nameOf(path.slice(0, -1))}` : "";
  const list = known.length > 16 ? [...known.slice(0, 16), "…"] : known;
  return problem({
    code: "FIELD_UNKNOWN",
    message: `unknown key "${shorten(key)}"${where}`,
    hint: unknownHint(key, known) ?? (known.length > 0 ? `known here: ${list.join(", ")}` : "leave it out"),
    path,
    part: "key",
    source,
  });
}

function unknownHint(key: string, known: readonly string[]): string | undefined {
  const other = otherNameFor(key, known);
  return (
    belongsElsewhere(key, known) ??
    olderHint(key, known) ??
    (other === undefined ? didYouMean(key, known) : `did you mean "${other}"?`)
  );
}

/** Only a polyaxonfile has keys that Polyaxon had before. */
function olderHint(key: string, known: readonly string[]): string | undefined {
  return ["run", "container", "commit"].some((name) => known.includes(name)) ? olderKeyHint(key) : undefined;
}

/** The last step of a path when it is a key, not the number of an entry. */
function keyOf(path: readonly PropertyKey[]): string | undefined {
  const last = path.at(-1);
  return typeof last === "string" ? last : undefined;
}

/** The names of an object schema's keys. */
function keysOf(schema: unknown): string[] {
  const shape = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def?.shape;
  return shape ? Object.keys(shape) : [];
}

function typeProblem(
  expected: string,
  path: PropertyKey[],
  raw: RawIssue | undefined,
  source: YamlSource,
): ProblemInput {
  const node = nodeAt(source.root, path);
  const unsupported = notSupportedHint(raw?.inst as object | undefined);
  if (unsupported !== undefined) {
    const message = `${nameOf(path)} is Polyaxon's; Bowline does not run it yet`;
    return problem({ code: "NOT_SUPPORTED", message, hint: unsupported, path, part: "key", source });
  }
  if (isEmpty(node)) {
    const written = node !== undefined && path.length > 0;
    const where = path.length > 1 ? ` in ${nameOf(path.slice(0, -1))}` : "";
    const key = String(path.at(-1) ?? "the file");
    return problem({
      code: "FIELD_MISSING",
      message:
        path.length === 0
          ? "the file is empty"
          : written
            ? `${nameOf(path)} has no value`
            : `"${key}" is missing${where}`,
      hint: path.length === 0 ? "write something into it" : `write \`${key}: ${exampleOf(expected)}\``,
      path,
      source,
    });
  }
  return problem({
    // Whoever writes a text there may have written the secret itself.
    message: `${nameOf(path)} must be ${nounOf(expected)}, and is ${keyOf(path) === "secret" ? "none" : nounOfNode(node)}`,
    hint: typeHint(expected, node, keyOf(path)),
    path,
    source,
  });
}

function valueProblem(values: readonly z.core.util.Primitive[], path: PropertyKey[], source: YamlSource): ProblemInput {
  const node = nodeAt(source.root, path);
  const options = values.map(String);
  const given = node?.kind === "scalar" ? `"${shorten(node.text)}"` : nounOfNode(node);
  if (isEmpty(node)) {
    const message = `"${String(path.at(-1))}" is missing${path.length > 1 ? ` in ${nameOf(path.slice(0, -1))}` : ""}`;
    return problem({ code: "FIELD_MISSING", message, hint: `write one of: ${options.join(", ")}`, path, source });
  }
  const near = node?.kind === "scalar" ? didYouMean(node.text, options) : undefined;
  const message = `${nameOf(path)} cannot be ${given}`;
  return problem({ message, hint: near ?? `one of: ${options.join(", ")}`, path, source });
}

/** The branch of a union that the value was meant for is the one whose type it has. */
function unionProblems(
  issue: Issue & { code: "invalid_union" },
  path: PropertyKey[],
  context: Context,
): ProblemInput[] {
  const meant = issue.errors.filter(
    (branch) => !branch.some((one) => one.code === "invalid_type" && one.path.length === 0),
  );
  const branch = meant.toSorted((a, b) => a.length - b.length)[0];
  if (branch) {
    const values = meant.flatMap((one) =>
      one.flatMap((i) => (i.code === "invalid_value" && i.path.length === 0 ? i.values : [])),
    );
    if (values.length > 0 && branch.every((one) => one.path.length === 0))
      return [numberOrWord(issue, values, path, context)];
    return branch.flatMap((one) => problemsOf(one, [...path, ...one.path], context));
  }
  const wanted = issue.errors.flatMap((one) =>
    one.flatMap((i) => (i.code === "invalid_type" && i.path.length === 0 ? [i.expected] : [])),
  );
  const first = issue.errors[0]?.[0];
  const node = nodeAt(context.source.root, path);
  if (wanted.length === 0 || isEmpty(node)) {
    return [typeProblem(wanted[0] ?? "object", path, first && rawOf(first, context), context.source)];
  }
  const nouns = [...new Set(wanted.map(nounOf))];
  const message = `${nameOf(path)} must be ${nouns.join(" or ")}, and is ${nounOfNode(node)}`;
  return [problem({ message, hint: typeHint(wanted[0]!, node, keyOf(path)), path, source: context.source })];
}

/** `history: 1 | commits | full`: where words and numbers may stand, a number that is written wrongly is told as one. */
function numberOrWord(
  issue: Issue & { code: "invalid_union" },
  values: readonly z.core.util.Primitive[],
  path: PropertyKey[],
  { source }: Context,
): ProblemInput {
  const told = valueProblem(values, path, source);
  const other = issue.errors.flatMap((one) =>
    one.flatMap((i) => (i.code === "invalid_type" && i.path.length === 0 ? [i.expected] : [])),
  )[0];
  const node = nodeAt(source.root, path);
  if (other === undefined || node?.kind !== "scalar") return told;
  if (/^[-+]?[\d.]/.test(node.text)) return { ...told, hint: typeHint(other, node, keyOf(path)) };
  return told.hint.startsWith("one of") ? { ...told, hint: `${told.hint}, or ${nounOf(other)}` } : told;
}

function limitText(issue: Issue): [string, string] {
  if (issue.code === "too_small") {
    return issue.origin === "string" || issue.origin === "array"
      ? ["must not be empty", "write a value, or leave the key out"]
      : [`is too small`, `write at least ${issue.minimum}`];
  }
  if (issue.code === "too_big") {
    return issue.origin === "string"
      ? ["is too long", `write at most ${issue.maximum} characters`]
      : ["is too large", `write at most ${issue.maximum}`];
  }
  if (issue.code === "invalid_format")
    return [
      "has not the form that is needed",
      issue.pattern ? `it must match ${issue.pattern}` : `write a ${issue.format}`,
    ];
  return ["is not valid", "see `bowline schema` for what may stand here"];
}

interface ProblemParts {
  code?: ErrorCode | undefined;
  message: string;
  hint: string;
  path: PropertyKey[];
  part?: "key" | "value" | undefined;
  source: YamlSource;
}

function problem({ code = "FIELD_INVALID", message, hint, path, part = "value", source }: ProblemParts): ProblemInput {
  const place: Place = source.place(path, part) ?? { file: source.file, line: 1, column: 1 };
  return { code, message, hint, place };
}

/** A path as users write it: `"run.init[0].git"`. */
export function nameOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "the file";
  let name = "";
  for (const step of path)
    name += typeof step === "number" ? `[${step}]` : `${name === "" ? "" : "."}${shorten(String(step))}`;
  return `"${name}"`;
}

function nounOf(expected: string): string {
  const nouns: Record<string, string> = {
    string: "a text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    array: "a list",
    object: "a map",
    record: "a map",
  };
  return nouns[expected] ?? expected;
}

function nounOfNode(node: YamlNode | undefined): string {
  if (node === undefined) return "missing";
  if (node.kind !== "scalar") return node.kind === "list" ? "a list" : "a map";
  if (node.value === null) return "empty";
  return typeof node.value === "string" ? `the text "${shorten(node.text)}"` : shorten(node.text);
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
