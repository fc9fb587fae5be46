import { Context, Liquid, type Template, toValueSync, TypeGuards } from "liquidjs";
import { didYouMean } from "../lib/index.ts";
import { FILTERS, shown } from "./template-filters.ts";

/** What is wrong with a template, and where in it (an offset). */
export interface TemplateFault {
  message: string;
  hint: string;
  offset: number;
}

/** A filled-in template. */
export type Rendered =
  /** The text as a whole was one `{{ … }}`, whose value keeps its type. `path` is set when nothing was done to it. */
  | { kind: "value"; value: unknown; path?: string }
  | { kind: "text"; text: string }
  | { kind: "fault"; fault: TemplateFault };

/** Names that templates can use; plain data only. */
export type TemplateContext = Record<string, unknown>;

const ESCAPE = "to write the braces themselves: {{ '{{' }}";

let made: Liquid | undefined;

/**
 * Fills in one text, once: `{{ path | filter }}` and nothing else of the Liquid language. Only own properties of plain
 * data are reachable, an unknown name is a fault, and a value that itself looks like a template stays as it is.
 */
export function renderTemplate(text: string, context: TemplateContext): Rendered {
  const tag = text.indexOf("{%");
  if (tag !== -1) {
    return fault(
      "`{% … %}` is not known in templates; only `{{ name }}` is",
      /^\{%-?\s*if\b/.test(text.slice(tag, tag + 100))
        ? "for a flag, give the input `isFlag: true` and write `{{ params.NAME.as_arg }}`: it is `--NAME`, or nothing"
        : "use `{{ name }}`, and `{{ name | default: 'x' }}`",
      tag,
    );
  }
  if (!text.includes("{{")) return { kind: "text", text };
  let parts: Template[];
  try {
    parts = engine().parse(text);
  } catch (error) {
    return { kind: "fault", fault: parseFault(error, text) };
  }
  const pieces: string[] = [];
  for (const part of parts) {
    const value = (part as { value?: OutputValue }).value;
    if (!value) {
      pieces.push((part as unknown as { str: string }).str);
      continue;
    }
    const found = evaluate(value, context, part.token.begin);
    if (found.kind === "fault") return found;
    if (parts.length === 1) return found;
    pieces.push(shown(found.value));
  }
  return { kind: "text", text: pieces.join("") };
}

interface OutputValue {
  initial: { postfix: unknown[] };
  filters: { name: string; args: unknown[] }[];
  value: (context: Context) => Generator<unknown, unknown, unknown>;
}

function evaluate(
  value: OutputValue,
  context: TemplateContext,
  offset: number,
): Rendered & { kind: "value" | "fault" } {
  const [first, ...others] = value.initial.postfix;
  const token = first as { input: string; end: number } | undefined;
  const after = token === undefined ? "" : token.input.slice(token.end).trimStart();
  const arguments_ = value.filters.flatMap((filter) => filter.args.flat());
  if (
    others.length > 0 ||
    !/^([|}]|-}|$)/.test(after) ||
    [first, ...arguments_].some((one) => TypeGuards.isRangeToken(one))
  ) {
    return fault(
      "a template is a name and filters, without operators",
      "write `{{ name }}` or `{{ name | filter: 'argument' }}`",
      offset,
    );
  }
  try {
    const scope = new Context(context, engine().options, { sync: true, memoryLimit: 1_000_000 });
    const result: unknown = toValueSync(value.value(scope));
    if (typeof result === "function" || result === undefined) return unknownName(first, context, offset);
    if (value.filters.length > 0) return { kind: "value", value: result };
    const path = staticPath(first);
    // `params.x` by itself means its value; the other parts of a param have names of their own.
    if (path?.length === 2 && path[0] === "params" && path[1] !== "as_args") {
      return {
        kind: "value",
        value: (result as { value?: unknown } | null)?.value ?? null,
        path: `params.${path[1]}.value`,
      };
    }
    return { kind: "value", value: result, ...(path && { path: path.join(".") }) };
  } catch (error) {
    if (error instanceof Error && error.name === "UndefinedVariableError") {
      const unknown = [first, ...arguments_].find((one) => isUnknown(one, context));
      return unknownName(unknown ?? first, context, offset);
    }
    return fault(
      `the template cannot be filled in: ${messageOf(error)}`,
      "write `{{ name }}` or `{{ name | filter: 'argument' }}`",
      offset,
    );
  }
}

/** The names of `a.b['c'][0]`; undefined for anything that is not known before it is evaluated. */
function staticPath(token: unknown): string[] | undefined {
  if (!TypeGuards.isPropertyAccessToken(token)) return undefined;
  const names = token.props.map((one) => (one as { content?: unknown }).content);
  if (token.variable !== undefined || names.some((name) => typeof name !== "string" && typeof name !== "number"))
    return undefined;
  return names.map(String);
}

function isUnknown(token: unknown, context: TemplateContext): boolean {
  let data: unknown = context;
  for (const name of staticPath(token) ?? []) {
    if (typeof data !== "object" || data === null || !Object.hasOwn(data, name)) return true;
    data = (data as Record<string, unknown>)[name];
  }
  return false;
}

function unknownName(token: unknown, context: TemplateContext, offset: number): Rendered & { kind: "fault" } {
  const names = staticPath(token);
  if (!names)
    return fault(
      "the template names something that is not there",
      "check the names in [ ]: a name itself needs quotes, ['name']",
      offset,
    );
  let data: unknown = context;
  const before: string[] = [];
  for (const name of names) {
    const known = typeof data === "object" && data !== null ? Object.keys(data) : [];
    if (!known.includes(name)) {
      const where = before.length > 0 ? ` in "${before.join(".")}"` : "";
      const near = didYouMean(name, known);
      const list = known.length > 12 ? [...known.slice(0, 12), "…"] : known;
      const hint =
        near ??
        (known.length > 0 ? `known${where}: ${list.join(", ")}` : where === "" ? ESCAPE : `nothing is known${where}`);
      return fault(`the template names "${name}"${where}, which is not there`, hint, offset);
    }
    data = (data as Record<string, unknown>)[name];
    before.push(name);
  }
  return fault(`"${names.join(".")}" cannot be used in a template`, "name one of its parts", offset);
}

function parseFault(error: unknown, text: string): TemplateFault {
  const token = (error as { token?: { begin?: number } }).token;
  const offset = Math.min(token?.begin ?? 0, text.length);
  const message = messageOf(error);
  const filter = /^undefined filter: (.+)$/.exec(message)?.[1];
  if (filter !== undefined) {
    const names = Object.keys(FILTERS);
    return {
      message: `there is no filter "${filter}"`,
      hint: didYouMean(filter, names) ?? `there are: ${names.join(", ")}`,
      offset,
    };
  }
  if (/not closed/.test(message))
    return { message: "a `{{` is not closed by `}}`", hint: `close it, or ${ESCAPE}`, offset };
  if (/filter name/.test(message)) {
    return {
      message: "a filter's arguments are written another way here",
      hint: "write `{{ name | default: 'x' }}`, without parentheses",
      offset,
    };
  }
  return {
    message: "this is no template",
    hint: `write \`{{ name }}\` or \`{{ name | filter: 'argument' }}\`; ${ESCAPE}`,
    offset,
  };
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .split("\n")[0]!
    .replace(/, line:.*$/, "")
    .slice(0, 200);
}

function fault(message: string, hint: string, offset: number): { kind: "fault"; fault: TemplateFault } {
  return { kind: "fault", fault: { message, hint, offset } };
}

/** Made at the first template: most files have none. */
function engine(): Liquid {
  return (made ??= createEngine());
}

/** Liquid without its tags, its filters and its files. */
function createEngine(): Liquid {
  const liquid = new Liquid({
    ownPropertyOnly: true,
    strictVariables: true,
    strictFilters: true,
    cache: false,
    relativeReference: false,
    templates: {},
    parseLimit: 4_500_000,
    memoryLimit: 1_000_000,
  });
  for (const name of Object.keys(liquid.tags)) delete liquid.tags[name];
  for (const name of Object.keys(liquid.filters)) delete liquid.filters[name];
  for (const [name, filter] of Object.entries(FILTERS)) liquid.registerFilter(name, filter);
  return liquid;
}
