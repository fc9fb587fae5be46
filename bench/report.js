// The table, for a terminal and for docs/performance.md.
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { fileOf } from "./world.js";

const PAGE = "docs/performance.md";
const [BEGIN, END] = ["<!-- made by npm run bench -- --write -->", "<!-- end of what is made -->"];
const HEAD = ["work", "contender", "median", "ratio", "of the fastest", "goal", "met", "requests", "received and sent"];

/** What the figures hold for. */
export function machine({ ram }) {
  const git = execFileSync("git", ["--version"], { encoding: "utf8" }).trim().replace("git version ", "");
  return {
    ...{ cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, memory: totalmem(), kernel: release() },
    ...{ node: process.versions.node, git, ram: ram.startsWith("/dev/shm") },
  };
}

/** The table in columns. */
export function table({ lines, ...about }) {
  const rows = [HEAD, ...cells(lines)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const text = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd(),
  );
  return [sentence(about), "", ...text, "", ...wire(lines), ...failures(lines)].join("\n");
}

/** Puts the table into the page, between its markers. */
export async function writePage({ lines, ...about }) {
  const page = fileOf(PAGE);
  const text = await readFile(page, "utf8");
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${PAGE} has no place for the table: ${BEGIN} … ${END}`);
  const row = (list) => `| ${list.join(" | ")} |`;
  const made = [
    ...[sentence(about), ""],
    ...[row(HEAD), row(HEAD.map(() => "---")), ...cells(lines).map(row)],
    ...["", ...wire(lines)],
  ];
  await writeFile(page, [before, BEGIN, "\n\n", made.join("\n"), "\n\n", END, after].join(""));
}

function sentence({ machine: { cpu, cores, memory, kernel, node, git, ram }, runs }) {
  const where = ram ? "folders in RAM (tmpfs) unless said" : "folders on disk";
  const host = `${cores} cores (${cpu}), ${Math.round(memory / 2 ** 30)} GiB, Linux ${kernel}`;
  return `${host}; Node ${node}, git ${git}; ${where}. Medians of ${runs} runs, contenders in turn; ratios are medians of each run's ratio.`;
}

function cells(lines) {
  return lines.map((line, at) => {
    const { work, name, ms, ratio, fastest, goal, met, requests, bytes, rss, error } = line;
    return [
      lines[at - 1]?.work === work ? "" : work,
      name,
      error === undefined ? time(ms) : "failed",
      ratio === undefined ? "" : ratio.toFixed(2),
      fastest === undefined ? "" : fastest.toFixed(2),
      goal ?? "",
      goal === undefined ? "" : met ? "yes" : "no",
      requests ? String(requests) : "",
      [bytes ? size(bytes) : "", rss ? `${(rss / 2 ** 20).toFixed(0)} MiB of memory` : ""].filter(Boolean).join(", "),
    ];
  });
}

function wire(lines) {
  const checked = lines.filter(({ wired }) => wired !== undefined);
  if (checked.length === 0) return [];
  const over = checked.filter(({ wired }) => !wired).map(({ work, name }) => `${work} (${name})`);
  return [`Never more requests or bytes than raw git: ${over.length === 0 ? "held" : `not in ${over.join("; ")}`}.`];
}

function failures(lines) {
  return lines.filter(({ error }) => error).map(({ work, name, error }) => `\n${work}: ${name} failed: ${error}`);
}

function time(ms) {
  if (ms === undefined) return "";
  return ms < 1000 ? `${ms.toFixed(ms < 100 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

function size(bytes) {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
