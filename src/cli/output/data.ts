import type { CliContext } from "../context.ts";
import { escapeInQuotes } from "./escape.ts";
import { renderTable, type Column } from "./table.ts";

export type Format = "table" | "wide" | "json" | "yaml" | "name";

/** Prints a list of things as asked: a table for eyes, a bare array for programs, or the names alone. */
export async function printList<Row>(
  rows: readonly Row[],
  view: { format: Format | undefined; columns: readonly Column<Row>[]; name: (row: Row) => string; empty: string },
  context: CliContext,
): Promise<void> {
  const format = view.format ?? "table";
  if (format === "json" || format === "yaml") return printValue(rows, format, context);
  if (format === "name") return context.out(rows.map((row) => `${view.name(row)}\n`).join(""));
  if (rows.length === 0) return context.err(`${view.empty}\n`);
  context.out(renderTable(rows, view.columns, { wide: format === "wide", header: context.style.out.bold }));
}

/** Prints one value as one JSON or YAML document, in which foreign text is whole and yet harmless to a terminal. */
export async function printValue(value: unknown, format: "json" | "yaml", context: CliContext): Promise<void> {
  const json = JSON.stringify(value, withoutEmptyLists, 2);
  if (format === "json") return context.out(`${escapeInQuotes(json)}\n`);
  const { stringify } = await import("yaml");
  // One trip through JSON, so that both formats leave out the same things.
  const plain = JSON.parse(json) as unknown;
  const text = stringify(plain);
  if (escapeInQuotes(text) === text) return context.out(text);
  context.out(escapeInQuotes(stringify(plain, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" })));
}

/** Of records, what is empty is absent; only the lists that are said to be always there stay. */
function withoutEmptyLists(key: string, value: unknown): unknown {
  return key === "logs" && Array.isArray(value) && value.length === 0 ? undefined : value;
}

/** Whether a program asked. */
export function isData(format: string | undefined): format is "json" | "yaml" {
  return format === "json" || format === "yaml";
}
