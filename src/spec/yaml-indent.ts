import type { YAMLError } from "yaml";

/** A line that is indented as none that it could belong to. Lines count from 1, columns from 0. */
export interface IndentMistake {
  line: number;
  column: number;
  message: string;
  hint: string;
}

const LOST = /^(All mapping items must start at the same column|Sequence item without - indicator|All sequence items)/;
const TOO_DEEP = /^Nested mappings are not allowed in compact mappings/;
const NOT_A_KEY = /^A block sequence may not be used as an implicit map key/;

/** How far above a line one is looked for that it could belong to. */
const REACH = 200;

/**
 * What a parser can only tell by what follows: which line stands in the wrong column, and in which it should.
 * `lineAt` gives a line by its number, "" where there is none.
 */
export function indentMistake(
  error: YAMLError,
  errorLine: number,
  lineAt: (line: number) => string,
): IndentMistake | undefined {
  const here = lineAt(errorLine);
  let line = errorLine;
  if (TOO_DEEP.test(error.message)) {
    line += 1;
    if (/: .*: /.test(here) || indentOf(lineAt(line)) <= keyColumn(here)) return undefined;
  } else if (!LOST.test(error.message) && !(NOT_A_KEY.test(error.message) && isItem(here))) return undefined;
  const text = lineAt(line);
  if (!isItem(text) && !isKey(text)) return undefined;
  const column = indentOf(text);
  const fit = nearest({ line, column, item: isItem(text) }, lineAt);
  if (fit === undefined || fit.column === column) return undefined;
  return {
    ...{ line, column },
    message: `this line is indented by ${spaces(column)}, as none above that it could belong to`,
    hint: `indent it by ${spaces(fit.column)}, as \`${fit.name}\` in line ${fit.line}`,
  };
}

interface Fit {
  column: number;
  line: number;
  name: string;
}

/** Of the open maps or lists above a line the one whose column is nearest; of two the deeper one. */
function nearest(
  { line, column, item }: { line: number; column: number; item: boolean },
  lineAt: (line: number) => string,
): Fit | undefined {
  let best: Fit | undefined;
  let open = Number.POSITIVE_INFINITY;
  for (let at = line - 1; at > Math.max(0, line - REACH) && open > 0; at -= 1) {
    const text = lineAt(at);
    const name = item ? itemName(text) : /^ *(?:- +)*([\w.-]+):(?: |$)/.exec(text)?.[1];
    if (indentOf(text) >= open || (name === undefined && !isKey(text))) continue;
    open = indentOf(text);
    if (name === undefined) continue;
    const place = item ? open : keyColumn(text);
    const fit = { column: place, line: at, name };
    if (best === undefined || Math.abs(place - column) < Math.abs(best.column - column)) best = fit;
  }
  return best;
}

/** Its first key; a text alone is not repeated, for it may be a secret. */
function itemName(text: string): string | undefined {
  return isItem(text) ? (/^ *(- +[\w.-]+):/.exec(text)?.[1] ?? "-") : undefined;
}

function isItem(text: string): boolean {
  return /^ *- /.test(text);
}

function isKey(text: string): boolean {
  return /^ *[\w.-]+:( |$)/.test(text);
}

function indentOf(text: string): number {
  return /^ */.exec(text)![0].length;
}

function keyColumn(text: string): number {
  return /^ *(- +)*/.exec(text)![0].length;
}

function spaces(count: number): string {
  return count === 1 ? "1 space" : `${count} spaces`;
}
