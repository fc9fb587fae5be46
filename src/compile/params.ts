import { didYouMean, type Place, type ProblemInput } from "../lib/index.ts";
import {
  checkShape,
  type IoFields,
  isEmpty,
  type ParamFields,
  placeOf,
  schemas,
  sourceOf,
  type YamlMap,
  type YamlNode,
  type YamlSpot,
} from "../spec/index.ts";
import { asMap, commandLineSpot, get, textOf } from "./node-edit.ts";
import { INPUT_TYPES, typedList, typedValue } from "./param-types.ts";
import { validationFault } from "./param-validation.ts";
import type { Report } from "./report.ts";

/** A param or input with its value, ready for templates, init and environment. */
export interface ResolvedParam {
  name: string;
  type: string;
  /** Typed; absent when there is no value. */
  value?: YamlNode;
  connection?: string;
  toInit: boolean;
  toEnv?: string;
  isFlag: boolean;
  isList: boolean;
  argFormat?: string;
  /** Declared as an input or output, so that it belongs to `params.as_args`. */
  declared: boolean;
  spot: YamlSpot;
}

interface Given extends ParamFields {
  node?: YamlNode;
  spot: YamlSpot;
  fromCommandLine: boolean;
}

const RESERVED = ["globals", "params", "connections", "init"];

/** Values of all inputs and params: given on the command line, in the files, or by default. All problems at once. */
export function resolveParams(
  component: YamlMap,
  given: YamlMap | undefined,
  commandLine: Record<string, string>,
  report: Report,
): ResolvedParam[] {
  const declared = declaredInputs(component, report);
  const values = givenParams(given, commandLine, report);
  const resolved: ResolvedParam[] = [];
  for (const [name, { io, node, output }] of declared) {
    const param = resolveInput(io, { node, output, value: values.get(name), report });
    if (param) resolved.push(param);
  }
  for (const [name, value] of values) {
    if (declared.has(name)) continue;
    const isInit = value.connection !== undefined && (value.toInit === true || value.init === true);
    if (!value.contextOnly && !isInit) {
      report.errors.push(unexpected(name, value, [...declared.keys()]));
      continue;
    }
    resolved.push({
      name,
      type: isInit && value.node?.kind === "map" ? "git" : "any",
      ...(value.node && !isEmpty(value.node) && { value: value.node }),
      ...(value.connection !== undefined && { connection: value.connection }),
      toInit: isInit,
      ...(value.toEnv !== undefined && { toEnv: value.toEnv }),
      isFlag: false,
      isList: false,
      declared: false,
      spot: value.spot,
    });
  }
  return resolved;
}

/** What is wrong with inputs whose shape is right, whatever else is wrong with the file; no consequence of that. */
export function checkInputs(
  component: YamlMap,
  given: YamlMap | undefined,
  commandLine: Record<string, string>,
  report: Report,
): void {
  const declared = declaredInputs(component, report);
  const values = givenParams(given, commandLine, report);
  // A value that is missing may stand below a key that is misspelt.
  for (const [name, { io, node }] of declared)
    resolveInput(io, { node, output: true, value: values.get(name), report });
}

interface Declared {
  io: IoFields;
  node: YamlNode;
  output: boolean;
}

function declaredInputs(component: YamlMap, report: Report): Map<string, Declared> {
  const declared = new Map<string, Declared>();
  for (const section of ["inputs", "contexts", "outputs"]) {
    const list = get(component, section);
    for (const node of list?.kind === "list" ? list.items : []) {
      // The shape of the file was checked before, and its problems were told then.
      const { value: io } = checkShape(schemas.io, sourceOf(node, ""));
      if (!io) continue;
      const nameNode = get(node, "name")!;
      const fault = nameFault(io, declared);
      if (fault) report.errors.push({ code: "PARAM_INVALID", ...fault, place: placeOf(nameNode.spot) });
      if (io.type !== undefined && !INPUT_TYPES.includes(io.type)) {
        const hint = otherType(io.type) ?? didYouMean(io.type, INPUT_TYPES) ?? `one of: ${INPUT_TYPES.join(", ")}`;
        report.errors.push({
          code: "PARAM_INVALID",
          message: `there is no type "${io.type.slice(0, 60)}"`,
          hint,
          place: placeOf(get(node, "type")!.spot),
        });
      } else if (!fault) declared.set(io.name, { io, node, output: section === "outputs" });
    }
  }
  return declared;
}

/** Types as other languages name them. */
function otherType(type: string): string | undefined {
  const others: Record<string, string> = {
    integer: "int",
    number: "float",
    double: "float",
    boolean: "bool",
    text: "str",
    array: "list",
    object: "dict",
    map: "dict",
    url: "uri",
  };
  const name = type.toLowerCase();
  return Object.hasOwn(others, name) ? `did you mean "${others[name]}"?` : undefined;
}

function nameFault(
  io: IoFields,
  declared: ReadonlyMap<string, Declared>,
): { message: string; hint: string } | undefined {
  if (RESERVED.includes(io.name))
    return { message: `an input cannot be named "${io.name}": templates use that name`, hint: "take another name" };
  if (declared.has(io.name)) return { message: `"${io.name}" is declared twice`, hint: "keep one of them" };
  return undefined;
}

function givenParams(
  given: YamlMap | undefined,
  commandLine: Record<string, string>,
  report: Report,
): Map<string, Given> {
  const values = new Map<string, Given>();
  for (const [name, entry] of given?.entries ?? []) {
    const map = asMap(entry.value);
    const isLong = map && (map.entries.size === 0 || schemas.PARAM_KEYS.some((key) => map.entries.has(key)));
    if (!isLong) {
      values.set(name, { node: entry.value, spot: entry.key, fromCommandLine: false });
      continue;
    }
    const { value, problems } = checkShape(schemas.param, sourceOf(map, ""), {});
    report.errors.push(...problems);
    const node = get(map, "value");
    if (value) values.set(name, { ...value, ...(node && { node }), spot: entry.key, fromCommandLine: false });
  }
  for (const [name, text] of Object.entries(commandLine)) {
    const spot = commandLineSpot(`-P ${name}`);
    const { node: _, ...before } = values.get(name) ?? { spot, fromCommandLine: true };
    values.set(name, { ...before, node: commandLineNode(text, spot), spot, fromCommandLine: true });
  }
  return values;
}

/** A text of the command line as YAML would read it without quotes, and also as the text that it is. */
function commandLineNode(text: string, spot: YamlSpot): YamlNode {
  const number = /^[-+]?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  const value = Number.isFinite(number) ? number : text === "true" ? true : text === "false" ? false : text;
  return { kind: "scalar", spot, value, text, plain: typeof value !== "string" };
}

interface Resolving {
  node: YamlNode;
  output: boolean;
  value: Given | undefined;
  report: Report;
}

function resolveInput(io: IoFields, { node, output, value, report }: Resolving): ResolvedParam | undefined {
  const type = io.type ?? "any";
  const written = value?.node !== undefined && !isEmpty(value.node) ? value.node : undefined;
  const fallback = get(node, "value");
  const raw = written ?? (fallback && !isEmpty(fallback) ? fallback : undefined);
  const place = placeOf(raw?.spot ?? node.spot);
  const connection = value?.connection ?? io.connection;
  const toInit = value?.toInit ?? value?.init ?? io.toInit ?? false;
  const toEnv = value?.toEnv ?? io.toEnv;
  const base = {
    name: io.name,
    type,
    ...(connection !== undefined && { connection }),
    toInit,
    ...(toEnv !== undefined && { toEnv }),
  };
  const rest = {
    isFlag: io.isFlag ?? false,
    isList: io.isList ?? false,
    ...(io.argFormat !== undefined && { argFormat: io.argFormat }),
  };
  const resolved: ResolvedParam = { ...base, ...rest, declared: true, spot: value?.spot ?? node.spot };
  if (fallback && !isEmpty(fallback) && io.isOptional === false) {
    report.errors.push(
      problem(
        io,
        "has a default, and `isOptional: false` says it must be given",
        "leave out one of them",
        placeOf(get(node, "isOptional")!.spot),
      ),
    );
  }
  if (raw === undefined) {
    if (output || io.isOptional || connection !== undefined || value?.contextOnly) return resolved;
    report.errors.push(
      problem(
        io,
        "needs a value",
        `pass it: -P ${io.name}=VALUE, or below \`params:\`, or give it a default (\`value:\`)`,
        placeOf(get(node, "name")!.spot),
      ),
    );
    return undefined;
  }
  if (raw.kind === "scalar" && !value?.fromCommandLine && /^\s*\{\{/.test(raw.text)) {
    report.errors.push(problem(io, "cannot be a template", "write the value itself; templates are for `run:`", place));
    return undefined;
  }
  const typed = rest.isList ? typedList(type, raw) : typedValue(type, raw);
  if ("fault" in typed) {
    report.errors.push(problem(io, `does not fit its type "${type}": ${typed.fault}`, typed.hint, place));
    return undefined;
  }
  const fault = validationFault(io, typed.node);
  if (fault !== undefined)
    report.errors.push(problem(io, fault, `it is ${textOf(typed.node) ?? "another value"} now`, place));
  return { ...resolved, value: typed.node };
}

function problem(io: IoFields, message: string, hint: string, place: Place): ProblemInput {
  return { code: "PARAM_INVALID", message: `the input "${io.name}" ${message}`, hint, place };
}

function unexpected(name: string, value: Given, known: string[]): ProblemInput {
  const declare = value.fromCommandLine
    ? ""
    : "declare it below `inputs:`, or write `contextOnly: true` beside its value";
  const list = known.length > 0 ? `known: ${known.slice(0, 12).join(", ")}` : "the component declares no inputs";
  return {
    code: "PARAM_INVALID",
    message: `there is no input "${name.slice(0, 60)}" for this param`,
    hint: didYouMean(name, known) ?? (declare === "" ? list : declare),
    place: placeOf(value.spot),
  };
}
