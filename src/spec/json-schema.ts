import * as z from "zod";
import { component, initEntry, operation, preset } from "./schema/index.ts";

interface Json {
  [key: string]: unknown;
}

/** A text that is filled in later may stand for a value of any type. */
const TEMPLATE: Json = { type: "string", pattern: "\\{\\{" };

/** What a boolean may also be written as. */
const YES_NO: Json = { enum: ["yes", "no", "on", "off", "Yes", "No", "On", "Off", "YES", "NO", "ON", "OFF"] };

/**
 * The JSON Schema (draft 2020-12) of a polyaxonfile, a preset and a git preset, for editors: every key is explained, and
 * what checkShape takes is valid here too: numbers where a text is asked for, empty keys, templates.
 */
export function polyaxonfileJsonSchema(): Record<string, unknown> {
  const any = z.union([component, operation, preset, initEntry]);
  const schema = editorJsonSchema(any);
  return {
    $schema: schema["$schema"],
    $id: "https://bowline.invalid/schemas/polyaxonfile.json",
    title: "Polyaxonfile",
    description:
      "A component (what to run), an operation (how to run one), a preset, or a git preset, as Bowline reads them.",
    ...schema,
  };
}

/** The JSON Schema of any shape that checkShape checks. */
export function editorJsonSchema(schema: z.ZodType): Json {
  const { $defs, ...root } = z.toJSONSchema(schema, {
    target: "draft-2020-12",
    io: "input",
    unrepresentable: "any",
  }) as Json;
  return { ...(loosened(root) as Json), ...($defs !== undefined && { $defs: mapValues($defs as Json, loosened) }) };
}

function loosened(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  const one = schema as Json;
  const inner: Json = { ...one };
  if (one["properties"]) {
    const required = new Set((one["required"] as string[] | undefined) ?? []);
    inner["properties"] = mapValues(one["properties"] as Json, (value, key) =>
      required.has(key) ? loosened(value) : orEmpty(loosened(value) as Json),
    );
  }
  for (const key of ["additionalProperties", "items"]) if (one[key]) inner[key] = loosened(one[key]);
  for (const key of ["anyOf", "oneOf", "allOf"]) if (one[key]) inner[key] = (one[key] as unknown[]).map(loosened);
  return withOtherForms(inner);
}

/** The schema, or another way to write the same. */
function withOtherForms(schema: Json): Json {
  const { type } = schema;
  if (type === "string" && !("enum" in schema) && !("const" in schema))
    return { ...schema, type: ["string", "number", "boolean"] };
  const others = type === "boolean" ? [YES_NO, TEMPLATE] : [TEMPLATE];
  const isOpenMap = type === "object" && !("properties" in schema);
  if (isOpenMap || ["string", "number", "integer", "boolean", "array"].includes(type as string))
    return eitherOf(schema, others);
  return schema;
}

function orEmpty(schema: Json): Json {
  // What may not be there at all stays so: `not: {}` with a description.
  if ("not" in schema || Object.keys(schema).every((key) => key === "description")) return schema;
  return eitherOf(schema, [{ type: "null" }]);
}

/** The description stays outside, where editors look for it. */
function eitherOf(schema: Json, others: Json[]): Json {
  const { description, examples, ...rest } = schema;
  const told = { ...(description !== undefined && { description }), ...(examples !== undefined && { examples }) };
  if (Object.keys(rest).length === 1 && Array.isArray(rest["anyOf"]))
    return { ...told, anyOf: [...(rest["anyOf"] as Json[]), ...others] };
  return { ...told, anyOf: [rest, ...others] };
}

function mapValues(map: Json, change: (value: unknown, key: string) => unknown): Json {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));
}
