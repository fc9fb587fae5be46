import { type IoFields, plainData, type YamlNode } from "../spec/index.ts";

/** What is wrong with a value by the input's `validation` and `options`; undefined when nothing is. */
export function validationFault(io: IoFields, node: YamlNode): string | undefined {
  const rules = io.validation ?? {};
  const value = plainData(node);
  const text = node.kind === "scalar" ? node.text : JSON.stringify(value);
  const number = typeof value === "number" ? value : undefined;
  const length = Array.isArray(value) ? value.length : undefined;
  const options = rules.oneOf ?? io.options;
  const each = io.isList && Array.isArray(value) ? value : [value];
  if (options && !each.every((one) => includes(options, one)))
    return `must be one of ${options.map(String).join(", ")}`;
  if (rules.noneOf && each.some((one) => includes(rules.noneOf!, one)))
    return `must not be one of ${rules.noneOf.map(String).join(", ")}`;
  if (number !== undefined) {
    if (rules.gt !== undefined && !(number > rules.gt)) return `must be greater than ${rules.gt}`;
    if (rules.ge !== undefined && !(number >= rules.ge)) return `must be ${rules.ge} or greater`;
    if (rules.lt !== undefined && !(number < rules.lt)) return `must be less than ${rules.lt}`;
    if (rules.le !== undefined && !(number <= rules.le)) return `must be ${rules.le} or less`;
    if (rules.multipleOf !== undefined && number % rules.multipleOf !== 0)
      return `must be a multiple of ${rules.multipleOf}`;
  }
  if (length !== undefined) {
    if (rules.minItems !== undefined && length < rules.minItems) return `must have at least ${rules.minItems} entries`;
    if (rules.maxItems !== undefined && length > rules.maxItems) return `must have at most ${rules.maxItems} entries`;
  }
  if (typeof value !== "string") return undefined;
  if (rules.minLength !== undefined && text.length < rules.minLength)
    return `must have at least ${rules.minLength} characters`;
  if (rules.maxLength !== undefined && text.length > rules.maxLength)
    return `must have at most ${rules.maxLength} characters`;
  if (rules.startsWith !== undefined && !text.startsWith(rules.startsWith))
    return `must begin with "${rules.startsWith}"`;
  if (rules.endsWith !== undefined && !text.endsWith(rules.endsWith)) return `must end with "${rules.endsWith}"`;
  if (rules.contains !== undefined && !text.includes(rules.contains)) return `must hold "${rules.contains}"`;
  if (rules.excludes !== undefined && text.includes(rules.excludes)) return `must not hold "${rules.excludes}"`;
  return undefined;
}

function includes(options: readonly unknown[], value: unknown): boolean {
  return options.some((option) => JSON.stringify(option) === JSON.stringify(value) || String(option) === String(value));
}
