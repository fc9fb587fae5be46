import { BowlineError, isMap, type Problem, type ProblemInput } from "../lib/index.ts";
import { readYaml, type YamlSource } from "../spec/index.ts";
import { keyFault, nameFault } from "./names.ts";
import type { StoredKind } from "./sealed-value.ts";

/** What a manifest brought, without values, and what in it was passed over. */
export interface AppliedManifest {
  applied: { kind: StoredKind; name: string; keys: string[] }[];
  warnings: Problem[];
}

export interface ManifestEntry {
  kind: StoredKind;
  name: string;
  values: Map<string, Buffer>;
}

const KINDS: Record<string, StoredKind> = { Secret: "secret", ConfigMap: "configMap" };

/**
 * Reads Kubernetes Secret and ConfigMap manifests: one, several parted by `---`, or a `List`. Every problem at once, with
 * its place; objects of other kinds are passed over with a warning.
 */
export function readManifest(text: string, file: string): { entries: ManifestEntry[]; applied: AppliedManifest } {
  const reading: Reading = { entries: [], warnings: [], problems: [] };
  for (const document of documentsOf(text)) {
    const source = readYaml(document, file);
    reading.problems.push(...source.problems);
    if (source.value !== undefined && source.value !== null) readObject(source, [], reading);
  }
  const { entries, warnings, problems } = reading;
  if (problems.length === 0 && entries.length === 0) {
    problems.push({
      code: "FIELD_MISSING",
      message: `"${file}" holds no Secret and no ConfigMap`,
      hint: "give a manifest with kind: Secret",
      place: { file, line: 1, column: 1 },
    });
  }
  if (problems.length > 0) throw new BowlineError(problems);
  const applied = entries.map(({ kind, name, values }) => ({ kind, name, keys: [...values.keys()] }));
  return { entries, applied: { applied, warnings } };
}

interface Reading {
  entries: ManifestEntry[];
  warnings: Problem[];
  problems: ProblemInput[];
}

/** The documents of a stream, each behind as many empty lines as it had lines before it, so that places stay true. */
function documentsOf(text: string): string[] {
  const lines = text.split("\n");
  const starts = lines.flatMap((line, index) => (/^---(\s|$)/.test(line) ? [index] : []));
  if (starts.length === 0) return [text];
  return [-1, ...starts].map((start, index) => {
    const part = lines.slice(start + 1, starts[index] ?? lines.length);
    return "\n".repeat(start + 1) + part.filter((line) => !/^\.\.\.\s*$/.test(line)).join("\n");
  });
}

function readObject(source: YamlSource, path: PropertyKey[], reading: Reading): void {
  const object = at(source.value, path);
  const fault = (message: string, hint: string, below: PropertyKey[] = [], part: "key" | "value" = "value") => {
    const place = source.place([...path, ...below], part);
    reading.problems.push({ code: "FIELD_INVALID", message, hint, ...(place && { place }) });
  };
  if (!isMap(object)) return fault("a manifest must be a map", "write apiVersion: v1, kind: Secret, metadata and data");
  const { kind, apiVersion, metadata } = object;
  if (kind === "List" && Array.isArray(object["items"])) {
    return object["items"].forEach((_, index) => readObject(source, [...path, "items", index], reading));
  }
  const stored = typeof kind === "string" && Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (stored === undefined) {
    if (typeof kind !== "string") return fault('"kind" is missing', "write kind: Secret or kind: ConfigMap");
    const place = source.place([...path, "kind"]);
    reading.warnings.push({
      code: "MANIFEST_PASSED_OVER",
      message: `an object of kind "${kind}" was passed over`,
      hint: "only Secret and ConfigMap are stored",
      ...(place && { place }),
    });
    return;
  }
  if (apiVersion !== "v1") fault(`a ${String(kind)} has "apiVersion: v1"`, "write apiVersion: v1", ["apiVersion"]);
  const name = isMap(metadata) ? metadata["name"] : undefined;
  const wrong = typeof name === "string" ? nameFault(name) : { message: '"metadata.name" is missing', hint: "name it" };
  if (wrong) fault(wrong.message, wrong.hint, ["metadata", "name"]);
  const values = readValues({ object, kind: stored, fault });
  if (wrong === undefined) reading.entries.push({ kind: stored, name: name as string, values });
}

interface ValueReading {
  object: Record<string, unknown>;
  kind: StoredKind;
  fault: (message: string, hint: string, below: PropertyKey[], part?: "key" | "value") => void;
}

/** The values by key; of a Secret `stringData` wins over `data`, as on the API server. */
function readValues({ object, kind, fault }: ValueReading): Map<string, Buffer> {
  const values = new Map<string, Buffer>();
  const fields = kind === "secret" ? (["data", "stringData"] as const) : (["binaryData", "data"] as const);
  for (const [index, field] of fields.entries()) {
    const map = object[field];
    if (map === undefined || map === null) continue;
    if (!isMap(map)) {
      fault(`"${field}" must be a map`, "write `KEY: value` lines below it", [field]);
      continue;
    }
    for (const [key, written] of Object.entries(map)) {
      const wrong = keyFault(key);
      if (wrong) fault(wrong.message, wrong.hint, [field, key], "key");
      const value =
        index === 0 ? decodeBase64(written) : typeof written === "string" ? Buffer.from(written) : undefined;
      if (value !== undefined) values.set(key, value);
      else if (index === 0) {
        fault(`"${field}.${key}" is not base64`, `encode it, or write it plainly under ${fields[1]}`, [field, key]);
      } else fault(`"${field}.${key}" must be a text`, "put it in quotes", [field, key]);
    }
  }
  return values;
}

/** Padded base64 of RFC 4648, line breaks allowed, as Kubernetes reads it; absent when it is anything else. */
function decodeBase64(text: unknown): Buffer | undefined {
  if (text === null) return Buffer.alloc(0);
  if (typeof text !== "string") return undefined;
  const packed = text.replaceAll(/[\r\n\t ]/g, "");
  const valid = packed.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(packed);
  return valid ? Buffer.from(packed, "base64") : undefined;
}

function at(value: unknown, path: PropertyKey[]): unknown {
  let found = value;
  for (const step of path) found = (found as Record<PropertyKey, unknown> | undefined)?.[step];
  return found;
}
