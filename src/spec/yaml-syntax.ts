import type { YAMLError } from "yaml";
import type { ProblemInput } from "../lib/index.ts";
import { indentMistake } from "./yaml-indent.ts";
import { placeOf, type YamlOrigin } from "./yaml-node.ts";

/** What to do about each kind of syntax error; the rest gets a hint that fits most. */
const HINTS: Partial<Record<YAMLError["code"], string>> = {
  BAD_INDENT: "give the lines of one map or list the same indentation",
  TAB_AS_INDENT: "indent with spaces",
  MULTILINE_IMPLICIT_KEY: "a key and its colon belong on one line; is a colon missing, or a quote not closed?",
  MISSING_CHAR: "close what was opened: a quote, a bracket, a brace, or put a colon and a space after the key",
  BLOCK_AS_IMPLICIT_KEY: 'a text that holds ": " needs quotes around it; or is the next line indented too far?',
  BLOCK_IN_FLOW: "inside [ ] and { } everything is separated by commas",
  BAD_SCALAR_START: "a text that begins with @, `, % or the like needs quotes around it",
  BAD_DQ_ESCAPE: 'in double quotes a backslash begins an escape: write "\\\\", or use single quotes',
  BAD_ALIAS: 'a text that begins with "*" or "&" needs quotes around it',
  DUPLICATE_KEY: "keep one of them",
  UNEXPECTED_TOKEN: "is a quote, a comma or a bracket missing, or one too many?",
  TAG_RESOLVE_FAILED: 'tags ("!name") are not used here: leave it out, or quote a text that begins with "!"',
  IMPOSSIBLE: "check indentation, quotes and brackets of this line and the one before",
};

const DOTS = "`...` ends a YAML document, and the text goes on";

/** The parser's errors and warnings as problems with places: of those that follow from one mistake, the first. */
export function syntaxProblems(errors: readonly YAMLError[], text: string, origin: YamlOrigin): ProblemInput[] {
  const problems: ProblemInput[] = [];
  let lastLine = -1;
  for (const error of errors) {
    const problem = syntaxProblem(error, text, origin);
    // After its first mistake the parser has lost its place, and stumbles from line to line.
    const { line } = problem.place!;
    // To the parser nothing behind a `...` belongs to what stood before.
    const cut = problems[0]?.message === DOTS && problem.message !== DOTS;
    const follows =
      problems.length > 0 && (cut || line <= lastLine + 1 || error.message.includes("token in YAML stream"));
    lastLine = Math.max(line, lastLine);
    if (!follows) problems.push(problem);
    // What is behind a quote that is never closed was read as its text.
    if (/^Missing closing ["']quote/.test(error.message)) break;
  }
  return problems;
}

function syntaxProblem(error: YAMLError, text: string, origin: YamlOrigin): ProblemInput {
  const offset = offsetOf(error, text);
  const place = placeOf({ origin, offset });
  const special = specialCase(lineOf(text, origin, place.line)) ?? bracketCase(error, text, origin);
  if (special) {
    const { message, hint, at } = special;
    return { code: "YAML_INVALID", message, hint, place: at === undefined ? place : { ...place, column: at + 1 } };
  }
  if (nearDots(text, origin, place.line)) {
    return {
      code: "YAML_INVALID",
      message: DOTS,
      hint: "`...` stands for more in an example: leave it out, or put the rest there",
      place,
    };
  }
  const indent = indentMistake(error, place.line, (line) => lineOf(text, origin, line));
  if (indent) {
    const { line, column, message, hint } = indent;
    return { code: "YAML_INVALID", message, hint, place: { ...place, line, column: column + 1 } };
  }
  // What the parser quotes behind a colon may be the value of a secret.
  const message = error.message.replace(/: [^]*$/, "").replace(/\.$/, "");
  return {
    code: "YAML_INVALID",
    message: `this is not YAML: ${message}`,
    hint: HINTS[error.code] ?? HINTS.IMPOSSIBLE!,
    place,
  };
}

/** Where the mistake is: a quote that is never closed is where it opens, not where the text ends. */
function offsetOf(error: YAMLError, text: string): number {
  const quote = /^Missing closing (["'])quote/.exec(error.message)?.[1];
  const open = quote === undefined ? -1 : text.lastIndexOf(quote, error.pos[0] - 1);
  return open === -1 ? Math.min(error.pos[0], text.length) : open;
}

/** Slips that the parser can only describe by what follows from them. `at` is the column, from 0, of what is wrong. */
function specialCase(line: string): { message: string; hint: string; at?: number } | undefined {
  const [, before] = /^(\s*(?:- +)*(?:(?:[\w.-]+|"[^"]*"|'[^']*'):\s+)?)\{\{/.exec(line) ?? [];
  if (before !== undefined) {
    return {
      message: "a template begins a value without quotes",
      hint: 'put quotes around the value: "{{ name }}/more"',
      at: before.length,
    };
  }
  const [, empty] = /^(.*?[:-]\s+)(?:""(?!")|''(?!'))[^\s,\]}]/.exec(line) ?? [];
  if (empty !== undefined) {
    return {
      message: "a text ends where it begins, and more follows",
      hint: "take one of the two quotes away",
      at: empty.length,
    };
  }
  const [, start, text] = /^(\s*(?:- +)*(?:[\w.-]+: +)?)([^\s"'[{|>&*!#].*)$/.exec(line) ?? [];
  if (start !== undefined && text !== undefined && /["'\s]\s*: /.test(text)) {
    return {
      message: 'a text holds ": " and has no quotes',
      hint: "put the whole text in quotes, or below `|-`",
      at: start.length,
    };
  }
  const key = /^\s*(?:- )?([A-Za-z_]+):[^\s:/]/.exec(line)?.[1];
  return key === undefined ? undefined : { message: `after "${key}:" a space is missing`, hint: `write \`${key}: …\`` };
}

/** `args: [` whose lines or closing bracket stand no further in than `args`: YAML 1.1 reads it, YAML 1.2 does not. */
function bracketCase(
  error: YAMLError,
  text: string,
  origin: YamlOrigin,
): { message: string; hint: string; at?: number } | undefined {
  const [, kind, close] = /^Flow (sequence|map) in block collection .* end with a (.)/.exec(error.message) ?? [];
  if (kind === undefined || close === undefined) return undefined;
  const { line } = placeOf({ origin, offset: Math.min(error.pos[0], text.length) });
  const written = lineOf(text, origin, line).trim();
  const noun = kind === "map" ? "map" : "list";
  const key = lastOpening(text.slice(Math.max(0, error.pos[0] - 20_000), error.pos[0]), close === "]" ? "[" : "{");
  const than = key === undefined ? `what the ${noun} belongs to` : `\`${key}\``;
  if (written.startsWith(close)) {
    return {
      message: `the "${close}" that ends the ${noun} stands no further in than ${than}`,
      hint: `indent the "${close}" further than ${than}`,
    };
  }
  return {
    message: `a "${close}" is missing before this line, or the line stands no further in than ${than}`,
    hint: `close the ${noun} with "${close}", or indent its lines further than ${than}`,
  };
}

/** The key whose value was opened last with the bracket. */
function lastOpening(before: string, bracket: string): string | undefined {
  return [...before.matchAll(/([\w.-]+):[ \t]+([[{])/g)].findLast(([, , open]) => open === bracket)?.[1];
}

function lineOf(text: string, origin: YamlOrigin, line: number): string {
  const start = origin.lineStarts[line - 1] ?? text.length;
  return text.slice(start, Math.min(origin.lineStarts[line] ?? text.length, start + 500)).trimEnd();
}

/** True when the line, or one of its neighbours, is the `...` of a printed example. */
function nearDots(text: string, origin: YamlOrigin, line: number): boolean {
  const first = origin.lineStarts[Math.max(0, line - 2)] ?? 0;
  const last = origin.lineStarts[line + 1] ?? text.length;
  return text
    .slice(first, Math.min(last, first + 2000))
    .split("\n")
    .some((one) => one.trim() === "...");
}
