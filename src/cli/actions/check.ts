import { checkPlanFor } from "../../executors/index.ts";
import { BowlineError, problemRecord } from "../../lib/index.ts";
import type { CliContext } from "../context.ts";
import { isData, printValue, type Format } from "../output/data.ts";
import { printWarnings } from "../output/problems.ts";
import { compileFiles, type FileOptions } from "../polyaxonfile.ts";
import { planLines } from "../progress/plan-lines.ts";
import { withRuns } from "../with-runs.ts";

interface CheckInput {
  options: FileOptions & { executor?: "process" | "docker" | "kubernetes"; output?: Format; config?: string };
  rest: string[];
}

/** `bowline check`: everything that is wrong at once, or the plan. */
export async function run({ options, rest }: CheckInput, context: CliContext): Promise<void> {
  await withRuns(options, context, async (runs, config) => {
    const executor = options.executor ?? config.executor.kind;
    const request = { options, command: rest, config, places: runs.prepare(executor), requireCommand: false };
    const compiled = await compileFiles(request, context);
    const { plan } = compiled;
    const fit = plan ? await checkPlanFor(executor, plan, config) : { errors: [], warnings: [] };
    const warnings = [...config.warnings, ...compiled.warnings, ...fit.warnings];
    printWarnings([...compiled.warnings, ...fit.warnings], context);
    // A container left open is filled by `run … -- COMMAND`; compile has warned of it.
    const open = plan !== undefined && plan.main.image === undefined;
    const errors = [...compiled.errors, ...fit.errors.filter(({ code }) => !(open && code === "CONTAINER_MISSING"))];
    if (plan === undefined || errors.length > 0) throw new BowlineError(errors);
    if (isData(options.output)) {
      const told = warnings.length > 0 && { warnings: warnings.map(problemRecord) };
      const document = { apiVersion: "bowline/v1", plan, ...told };
      return printValue(document, options.output, context);
    }
    if (options.output === "name") return context.out(`${plan.name}\n`);
    context.out(`${plan.kind} ${plan.name}: ${context.style.out.green("valid")}\n`);
    context.out(
      planLines(plan)
        .map((line) => `  ${line}\n`)
        .join(""),
    );
  });
}
