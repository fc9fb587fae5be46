import type { RunCode, RunRecord, Status } from "../../runs/index.ts";
import type { Problem, ProblemRecord } from "../../lib/index.ts";
import { escapeControl } from "./escape.ts";
import type { Style } from "./style.ts";
import type { Column } from "./table.ts";
import { age, duration } from "./time.ts";

/** A run's columns, as `ps` shows them. */
export function runColumns(style: Style, now: number): Column<RunRecord>[] {
  return [
    { header: "RUN", cell: (run) => shortUuid(run.uuid) },
    { header: "NAME", cell: (run) => run.name },
    { header: "STATUS", cell: (run) => run.status, paint: (text, run) => statusColour(style, run.status)(text) },
    { header: "KIND", cell: (run) => run.kind, wide: true },
    { header: "EXECUTOR", cell: (run) => run.executor, wide: true },
    { header: "EXIT", cell: (run) => run.exitCode?.toString(), wide: true },
    { header: "CODE", cell: (run) => run.codeReferences.map(codeName).join(", ") },
    { header: "TOOK", cell: (run) => tookOf(run, now) },
    { header: "AGE", cell: (run) => age(run.createdAt, now) },
    { header: "UUID", cell: (run) => run.uuid, wide: true },
  ];
}

/** A run in full, for eyes. */
export function describeRun(run: RunRecord, options: { style: Style; now: number }): string {
  const { style, now } = options;
  const status = statusColour(style, run.status)(run.status);
  const rows: [string, string | undefined][] = [
    ["Run", run.uuid],
    ["Name", run.name],
    ["Kind", `${run.kind}, by the ${run.executor} executor`],
    ["Status", run.message === undefined ? status : `${status}: ${escapeControl(run.message)}`],
    ["Exit code", run.exitCode?.toString()],
    ["Created", `${run.createdAt} (${age(run.createdAt, now)} ago)`],
    ["Took", tookOf(run, now)],
    ["Restart of", run.restartOf],
    ["Logs", run.logs.length === 0 ? undefined : run.logs.join(", ")],
  ];
  const head = rows.flatMap(([name, value]) => (value === undefined ? [] : [`${`${name}:`.padEnd(12)}${value}\n`]));
  const statuses = run.statuses.map(
    ({ at, status: each, message }) => `  ${at}  ${each}${message ? `  ${escapeControl(message)}` : ""}\n`,
  );
  const code = run.codeReferences.map((reference) => codeLines(reference, style));
  return [...head, ...(code.length > 0 ? ["\nCode:\n", ...code] : []), "\nStatuses:\n", ...statuses].join("");
}

/** One code reference: what it is called, short commit, where it came from and what it says. */
export function codeLine(reference: RunCode, style: Style): string {
  const name = reference.connection ?? lastSegment(reference.url);
  const at = shortRef(reference);
  const subject = escapeControl(reference.subject ?? "not in place");
  return `${escapeControl(name)}  ${style.yellow(reference.commit.slice(0, 8))}  ${at}${style.bold(subject)}`;
}

function codeLines(reference: RunCode, style: Style): string {
  const { author, date, url, redirectedTo, path, submodules = [] } = reference;
  const from = redirectedTo === undefined ? url : `${url} (answered by ${redirectedTo})`;
  const lines = [
    codeLine(reference, style),
    `    commit ${reference.commit}`,
    ...(author === undefined || date === undefined
      ? []
      : [`    by ${escapeControl(author.name)} on ${date.slice(0, 10)}`]),
    `    ${escapeControl(from)}${path === undefined ? "" : ` in ${path}`}`,
    ...submodules.map((each) => `    submodule ${escapeControl(each.path)} at ${each.commit.slice(0, 8)}`),
  ];
  return lines.map((line) => `  ${line}\n`).join("");
}

export function shortUuid(uuid: string): string {
  return uuid.slice(0, 8);
}

/** A problem kept in a record, as it was. */
export function problemOf(record: ProblemRecord): Problem {
  const { code, message, hint, file, line, column, connection } = record;
  const place =
    file === undefined || line === undefined || column === undefined ? {} : { place: { file, line, column } };
  return { code, message, hint, ...place, ...(connection === undefined ? {} : { connection }) };
}

export function statusColour(style: Style, status: Status): (text: string) => string {
  if (status === "succeeded") return style.green;
  if (status === "failed") return style.red;
  if (status === "stopped" || status === "stopping" || status === "skipped") return style.yellow;
  return style.cyan;
}

function codeName(reference: RunCode): string {
  return `${reference.connection ?? lastSegment(reference.url)}@${reference.commit.slice(0, 7)}`;
}

function shortRef({ ref, revision }: RunCode): string {
  const name =
    ref?.replace(/^refs\/(heads|tags)\//, "") ?? (/^[0-9a-f]{7,}$/i.test(revision ?? "") ? undefined : revision);
  return name === undefined ? "" : `(${escapeControl(name)})  `;
}

function lastSegment(url: string): string {
  return url
    .replace(/\/+$/, "")
    .split(/[/:]/)
    .at(-1)!
    .replace(/\.git$/, "");
}

function tookOf(run: RunRecord, now: number): string | undefined {
  if (run.startedAt === undefined) return undefined;
  return duration((run.finishedAt === undefined ? now : Date.parse(run.finishedAt)) - Date.parse(run.startedAt));
}
