/** Characters that one filter may make. */
const LARGEST = 1_000_000;

/** What may follow `|` in a template: pure, without clock, files or code, and bounded in what they make. */
export const FILTERS: Record<string, (value: unknown, ...args: unknown[]) => unknown> = {
  default: (value, other) => (value === null || value === undefined || value === "" ? other : value),
  upper: (value) => shown(value).toUpperCase(),
  lower: (value) => shown(value).toLowerCase(),
  upcase: (value) => shown(value).toUpperCase(),
  downcase: (value) => shown(value).toLowerCase(),
  capitalize: (value) => shown(value).replace(/^./su, (first) => first.toUpperCase()),
  trim: (value) => shown(value).trim(),
  strip: (value) => shown(value).trim(),
  append: (value, text) => bounded(shown(value) + shown(text)),
  prepend: (value, text) => bounded(shown(text) + shown(value)),
  replace: (value, from, to) => joinParts(shown(value).split(shown(from)), shown(to)),
  split: (value, separator) => shown(value).split(shown(separator ?? " ")),
  join: (value, separator) => joinParts(listOf(value).map(shown), separator === undefined ? " " : shown(separator)),
  first: (value) => (typeof value === "string" ? value.slice(0, 1) : (listOf(value)[0] ?? null)),
  last: (value) => (typeof value === "string" ? value.slice(-1) : (listOf(value).at(-1) ?? null)),
  size: (value) => (typeof value === "string" ? value.length : listOf(value).length),
  length: (value) => (typeof value === "string" ? value.length : listOf(value).length),
  json: (value) => bounded(JSON.stringify(value ?? null)),
  tojson: (value) => bounded(JSON.stringify(value ?? null)),
  plus: (value, other) => Number(value) + Number(other),
  minus: (value, other) => Number(value) - Number(other),
  times: (value, other) => Number(value) * Number(other),
};

/** A value inside a text: numbers and booleans as they are, nothing for null, JSON for lists and maps. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return value === null || value === undefined ? [] : [value];
}

/** Joins when the result is small enough; it is measured before it is made. */
function joinParts(parts: readonly string[], separator: string): string {
  const length = parts.reduce((sum, part) => sum + part.length, 0) + Math.max(0, parts.length - 1) * separator.length;
  if (length > LARGEST) throw new RangeError(`a filter would make ${length} characters`);
  return parts.join(separator);
}

function bounded(text: string): string {
  if (text.length > LARGEST) throw new RangeError(`a filter would make ${text.length} characters`);
  return text;
}
