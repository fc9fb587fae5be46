import type * as z from "zod";
import type { ProblemInput } from "../lib/index.ts";
import { nodeAt, type YamlNode } from "./yaml-node.ts";
import type { YamlSource } from "./read-yaml.ts";
import { type RawIssue, shapeProblems } from "./shape-problems.ts";

/** How often values are read again as what the schema asks for; each round goes one union deeper. */
const MOST_ROUNDS = 4;

export interface CheckShapeOptions {
  /** Texts with `{{` are not filled in yet: let them stand where a number, a list or the like is asked for. */
  templates?: boolean;
}

/**
 * Checks a source against a zod schema. Where the schema asks for a text, a number or date counts as it was written;
 * where it asks for a boolean, `yes`, `no`, `on` and `off` count; a key without a value counts as absent.
 * Every problem has its place, the key or value as the user knows it, and what to do. Unknown keys are problems where
 * the schema is strict. A schema may raise problems of its own: a `custom` issue with
 * `params: { code?, hint?, part?: "key" | "value" }`.
 */
export function checkShape<T>(
  schema: z.ZodType<T>,
  source: YamlSource,
  options: CheckShapeOptions = {},
): { value?: T; problems: ProblemInput[] } {
  let data = source.value;
  for (let round = 0; ; round++) {
    const raw: RawIssue[] = [];
    // A schema is used once a process: to compile it first, as zod would, takes longer than to walk it.
    const result = schema.safeParse(data, { error: (issue) => remember(raw, issue), jitless: true });
    if (result.success) return { value: result.data, problems: [] };
    const repairs = round < MOST_ROUNDS ? findRepairs(result.error.issues, source) : [];
    if (repairs.length === 0) {
      const issues = options.templates ? withoutTemplates(result.error.issues, source) : result.error.issues;
      return { problems: shapeProblems(issues, raw, source) };
    }
    data = repaired(data, repairs);
  }
}

/** The message of an issue becomes the number of what zod knows of it and does not hand out. */
function remember(raw: RawIssue[], issue: z.core.$ZodRawIssue): string {
  raw.push({ inst: issue.inst, input: issue.input });
  return `#${raw.length - 1}`;
}

interface Repair {
  path: PropertyKey[];
  /** Absent: the key is taken out. */
  value?: string | number | boolean;
}

function findRepairs(issues: readonly z.core.$ZodIssue[], source: YamlSource, above: PropertyKey[] = []): Repair[] {
  const repairs: Repair[] = [];
  for (const issue of issues) {
    const path = [...above, ...issue.path];
    if (issue.code === "invalid_union") {
      for (const branch of issue.errors) repairs.push(...findRepairs(branch, source, path));
    }
    const node = nodeAt(source.root, path);
    if (node?.kind !== "scalar" || path.length === 0) continue;
    if (node.value === null) {
      if (node.plain && typeof path.at(-1) === "string") repairs.push({ path });
    } else if (issue.code === "invalid_type") {
      const value = readAs(issue.expected, node);
      if (value !== undefined) repairs.push({ path, value });
    }
  }
  return repairs;
}

/** A scalar as the type that was asked for, when it was written in a way that means one. */
function readAs(expected: string, node: YamlNode & { kind: "scalar" }): string | number | boolean | undefined {
  if (expected === "string") return typeof node.value === "string" ? undefined : node.text;
  if (!node.plain || typeof node.value !== "string") return undefined;
  if (expected === "boolean") {
    if (/^(yes|on|true)$/i.test(node.text)) return true;
    return /^(no|off|false)$/i.test(node.text) ? false : undefined;
  }
  if (expected === "number" || expected === "int") {
    return /^[-+]?[1-9]\d*(_\d+)+$/.test(node.text) ? Number(node.text.replaceAll("_", "")) : undefined;
  }
  return undefined;
}

/** A copy of the data with the repairs in it; what is not on a repaired path is shared. */
function repaired(data: unknown, repairs: readonly Repair[]): unknown {
  const copies = new Set<object>();
  const root = copyOf(data, copies);
  for (const { path, value } of repairs) {
    let parent = root as Record<PropertyKey, unknown>;
    for (const step of path.slice(0, -1)) {
      if (typeof parent !== "object" || parent === null) break;
      parent[step] = copyOf(parent[step], copies);
      parent = parent[step] as Record<PropertyKey, unknown>;
    }
    if (typeof parent !== "object" || parent === null) continue;
    if (value === undefined) delete parent[path.at(-1)!];
    else parent[path.at(-1)!] = value;
  }
  return root;
}

function copyOf(data: unknown, copies: Set<object>): unknown {
  if (typeof data !== "object" || data === null || copies.has(data)) return data;
  const copy = Array.isArray(data) ? [...data] : { ...data };
  copies.add(copy);
  return copy;
}

/** Leaves out what a template may still put right: a value of another type, form or size. */
function withoutTemplates(issues: readonly z.core.$ZodIssue[], source: YamlSource): z.core.$ZodIssue[] {
  return issues.filter((issue) => {
    if (issue.code === "unrecognized_keys") return true;
    const node = nodeAt(source.root, issue.path);
    if (node?.kind === "scalar" && typeof node.value === "string" && node.value.includes("{{")) return false;
    if (issue.code !== "invalid_union") return true;
    return !issue.errors.some((branch) => withoutTemplates(prefixed(branch, issue.path), source).length === 0);
  });
}

function prefixed(issues: readonly z.core.$ZodIssue[], path: PropertyKey[]): z.core.$ZodIssue[] {
  return issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
}
