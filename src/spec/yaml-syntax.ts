import type { YAMLError } from "yaml";
import type { ProblemInput } from "../lib/index.ts";
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

/** An error or warning of the YAML parser as a problem with its place. */
export function syntaxProblem(error: YAMLError, text: string, origin: YamlOrigin): ProblemInput {
  const offset = offsetOf(error, text);
  const place = placeOf({ origin, offset });
  const special = specialCase(lineOf(text, origin, place.line));
  if (special) return { code: "YAML_INVALID", ...special, place };
  if (nearDots(text, origin, place.line)) {
    return {
      code: "YAML_INVALID",
      message: "`...` ends a YAML document, and the text goes on",
      hint: "`...` stands for more in an example: leave it out, or put the rest there",
      place,
    };
  }
  const message = error.message.replace(/\.$/, "");
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

/** Two slips that the parser can only describe by what follows from them. */
function specialCase(line: string): { message: string; hint: string } | undefined {
  if (/(:|-)\s+\{\{/.test(line)) {
    return {
      message: "a template begins a value without quotes",
      hint: 'put quotes around the value: "{{ name }}/more"',
    };
  }
  const [, key, value] = /^\s*(?:- )?([A-Za-z_]+):([^\s:/].*)$/.exec(line) ?? [];
  if (key === undefined || value === undefined) return undefined;
  return { message: `after "${key}:" a space is missing`, hint: `write \`${key}: ${value.trim().slice(0, 60)}\`` };
}

function lineOf(text: string, origin: YamlOrigin, line: number): string {
  const start = origin.lineStarts[line - 1] ?? 0;
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
