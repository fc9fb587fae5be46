import type { ProblemInput } from "../lib/index.ts";
import { connectionInits } from "./param-init.ts";
import { buildPlan, checkNames } from "./build-plan.ts";
import type { CompileInput, CompileResult } from "./input.ts";
import { applyBuild, type Operation, readOperation } from "./operation.ts";
import { resolveParams } from "./params.ts";
import { applyGitPreset } from "./preset.ts";
import { inOrder, type Report } from "./report.ts";

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
  return { ...(plan && errors.length === 0 && { plan }), errors, warnings };
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
  // A file whose shape is wrong would only give consequences from here on.
  if (report.errors.length > 0) return undefined;
  applyBuild(operation, report);
  const params = resolveParams(operation.component, operation.params, input.params ?? {}, report);
  operation.run = applyGitPreset(operation.run, input, report);
  const inits = connectionInits(params, report);
  if (report.errors.length > 0) return undefined;
  return buildPlan({ input, operation, params, inits, report });
}

/** What was given on the command line is in no file. */
function withoutPlaceIn(options: ReadonlySet<string>, problem: ProblemInput): ProblemInput {
  if (!problem.place || !options.has(problem.place.file)) return problem;
  const { place: _, ...rest } = problem;
  return rest;
}
