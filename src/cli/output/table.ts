import { escapeControl } from "./escape.ts";

/** A column: its upper-case header, the cell of a row, and whether only `-o wide` shows it. */
export interface Column<Row> {
  header: string;
  cell: (row: Row) => string | undefined;
  wide?: true;
  /** Colours the padded cell; sees the row. */
  paint?: (text: string, row: Row) => string;
}

/** Rows as kubectl prints them: upper-case headers, no borders, two spaces between; an empty cell is a dash. */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  options: { wide?: boolean; header?: (text: string) => string } = {},
): string {
  const shown = columns.filter((column) => options.wide || !column.wide);
  const cells = rows.map((row) => shown.map((column) => escapeControl(column.cell(row) || "-")));
  const widths = shown.map((column, at) => Math.max(column.header.length, ...cells.map((row) => width(row[at]!))));
  const pad = (text: string, at: number): string =>
    at === shown.length - 1 ? text : text + " ".repeat(widths[at]! - width(text) + 2);
  const header = shown.map((column, at) => pad(column.header, at)).join("");
  const lines = cells.map((row, index) =>
    row.map((cell, at) => (shown[at]!.paint ?? plain)(pad(cell, at), rows[index]!)).join(""),
  );
  return [(options.header ?? plain)(header), ...lines].map((line) => `${line.trimEnd()}\n`).join("");
}

function plain(text: string): string {
  return text;
}

/** Columns on a terminal, near enough: code points, the wide East Asian ranges counted twice. */
function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += WIDE.test(character) ? 2 : 1;
  return columns;
}

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u;
