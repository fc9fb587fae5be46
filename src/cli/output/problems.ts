import { readFileSync } from "node:fs";
import { machineError, problemRecord, type Place, type Problem } from "../../lib/index.ts";
import { codeFrame } from "../../spec/index.ts";
import type { CliContext } from "../context.ts";
import { printValue } from "./data.ts";
import { escapeControl } from "./escape.ts";

/** Prints warnings to stderr, each with its place and what to do. */
export function printWarnings(warnings: readonly Problem[], context: CliContext): void {
  for (const warning of warnings) context.err(renderProblem(warning, "warning", context));
}

/** Prints problems to stderr as errors. */
export function printErrors(problems: readonly Problem[], context: CliContext): void {
  for (const problem of problems) context.err(renderProblem(problem, "error", context));
}

/** Says what went wrong, on stderr for people and on stdout for a program that asked; gives the exit code. */
export async function printFailure(error: unknown, format: string | undefined, context: CliContext): Promise<number> {
  const told = machineError("this command cannot go on", error);
  if (told === undefined) return printBug(error, format, context);
  printErrors(told.problems, context);
  if (format !== undefined) await printErrorDocument(told.problems, format, context);
  return told.exitCode;
}

function renderProblem(problem: Problem, level: "error" | "warning", context: CliContext): string {
  const style = context.style.err;
  const word = level === "error" ? style.red("error:") : style.yellow("warning:");
  const { place } = problem;
  const where = place ? `${place.file}:${place.line}:${place.column}: ` : "";
  const frame = place ? frameOf(place, context) : "";
  const lines = [`${word} ${escapeControl(where)}${clean(problem.message)} ${style.dim(`[${problem.code}]`)}`];
  if (frame) lines.push(frame);
  if (problem.hint) lines.push(`${style.cyan("hint:")} ${clean(problem.hint)}`);
  return `${lines.join("\n")}\n`;
}

/** The lines around a place with a caret; nothing where the file is gone. */
function frameOf(place: Place, context: CliContext): string {
  const text = context.texts.get(place.file) ?? readText(place.file);
  return text === undefined ? "" : clean(codeFrame(text, place));
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Line breaks of a message are ours; a continuation is indented below its first line. */
function clean(text: string): string {
  return escapeControl(text, { lines: true });
}

async function printErrorDocument(problems: readonly Problem[], format: string, context: CliContext): Promise<void> {
  const errors = problems.map(problemRecord);
  await printValue({ apiVersion: "bowline/v1", errors }, format === "yaml" ? "yaml" : "json", context);
}

async function printBug(error: unknown, format: string | undefined, context: CliContext): Promise<number> {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  context.err(`${context.style.err.red("error:")} This is a bug in Bowline, not in what you did.\n${clean(stack)}\n`);
  context.err(`${context.style.err.cyan("hint:")} please report it, with the lines above and \`bowline version\`\n`);
  if (format !== undefined) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = "this is a bug in Bowline; please report it";
    await printErrorDocument([{ code: "INTERNAL", message, hint }], format, context);
  }
  return 70;
}
