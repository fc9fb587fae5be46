import type { Problem, ProblemInput } from "../lib/index.ts";
import { connectionInits } from "./param-init.ts";
import { buildPlan, checkNames } from "./build-plan.ts";
import type { CompileInput, CompileResult } from "./input.ts";
import { applyBuild, type Operation, readOperation } from "./operation.ts";
import { checkInputs, resolveParams } from "./params.ts";
import { applyGitPreset } from "./preset.ts";
import { inOrder, type Report } from "./report.ts";

/** Errors, and warnings, that are told of one compilation, before the one that counts the rest. */
const MOST_TOLD = 100;

/**
 * Makes a plan of a polyaxonfile, presets, params and the catalog. Pure: no file, network, clock or environment.
 * All problems at once, each with its place and what to do; never throws for what a file holds.
 */
export function compile(input: CompileInput): CompileResult {
  const report: Report = { errors: [], warnings: [] };
  const plan = compilePlan(input, report);
  const files = input.files.map((file) => file.name);
  const options = new Set(["--git-revision", ...Object.keys(input.params ?? {}).map((name) => `-P ${name}`)]);
  const errors = inOrder(
    report.errors.map((problem) => withoutPlaceIn(options, problem)),
    files,
  );
  const warnings = inOrder(report.warnings, files);
  return { ...(plan && errors.length === 0 && { plan }), errors: first(errors), warnings: first(warnings) };
}

function compilePlan(input: CompileInput, report: Report): CompileResult["plan"] {
  const operation = readOperation(input, report);
  if (!operation) return undefined;
  const plan = planOf(operation, input, report);
  // What a first error kept from being looked at, and is no consequence of it; what was told already is told once.
  if (report.errors.length > 0) checkNames({ input, operation, report });
  return plan;
}

function planOf(operation: Operation, input: CompileInput, report: Report): CompileResult["plan"] {
  const given = input.params ?? {};
  // A file whose shape is wrong would only give consequences from here on.
  if (report.errors.length > 0) {
    checkInputs(operation.component, operation.params, given, report);
    return undefined;
  }
  applyBuild(operation, report);
  const params = resolveParams(operation.component, operation.params, given, report);
  operation.run = applyGitPreset(operation.run, input, report);
  const inits = connectionInits(params, report);
  if (report.errors.length > 0) return undefined;
  return buildPlan({ input, operation, params, inits, report });
}

/** The problems that are told; of a file with more, where the rest begins and how many they are. */
function first<T extends Problem>(problems: T[]): T[] {
  const next = problems[MOST_TOLD];
  if (!next) return problems;
  const count = problems.length - MOST_TOLD;
  const message = count === 1 ? next.message : `${next.message}; and ${count - 1} more problems after this one`;
  return [...problems.slice(0, MOST_TOLD), { ...next, message }];
}

/** What was given on the command line is in no file. */
function withoutPlaceIn(options: ReadonlySet<string>, problem: ProblemInput): ProblemInput {
  if (!problem.place || !options.has(problem.place.file)) return problem;
  const { place: _, ...rest } = problem;
  return rest;
}
