import { BowlineError } from "../../lib/index.ts";
import type { StartRequest } from "../../runs/index.ts";
import { attend, isDataOnly, leave } from "../attend.ts";
import type { CliContext } from "../context.ts";
import type { ExecutorOptions } from "../executor-options.ts";
import { offerTrust } from "../offer-trust.ts";
import { printValue, type Format } from "../output/data.ts";
import { printWarnings } from "../output/problems.ts";
import { compileFiles, type FileOptions } from "../polyaxonfile.ts";
import { createReporter } from "../progress/reporter.ts";
import { withRuns } from "../with-runs.ts";

interface RunInput {
  options: FileOptions &
    ExecutorOptions & {
      dryRun?: boolean;
      detach?: boolean;
      watch?: boolean;
      logs?: boolean;
      project?: string;
      output?: Format;
      config?: string;
    };
  rest: string[];
}

/** `bowline run`: compiles, starts, and stays with the run unless it is detached. */
export async function run(input: RunInput, context: CliContext): Promise<number> {
  const { options, rest } = input;
  return withRuns(options, context, async (runs, config) => {
    const { executor } = config;
    const places = runs.prepare(executor.kind);
    const { plan, errors, warnings } = await compileFiles({ options, command: rest, config, places }, context);
    printWarnings(warnings, context);
    if (plan === undefined || errors.length > 0) throw new BowlineError(errors);
    if (await offerTrust({ config, plan }, context)) return run(input, context);
    if (options.project !== undefined) printWarnings([PROJECT], context);
    const request: StartRequest = { places, plan, executor, warnings: [...config.warnings, ...warnings] };
    if (options.dryRun) return printObjects(await runs.objects(request), options.output, context);
    const reporter = createReporter({ dataOnly: isDataOnly(options.output) }, context);
    // Elsewhere -n is the namespace, and here nobody has named one.
    if (options.name !== undefined && executor.kind === "kubernetes" && executor.namespace === undefined)
      reporter.note(`the run is named "${plan.name}"; a namespace is chosen by --namespace`);
    reporter.plan(plan);
    if (options.detach) {
      const leaving = { runs, reporter, options: { ...options, uuid: places.uuid } };
      return leave((attached) => runs.startDetached(request, attached), leaving, context);
    }
    return attend((attached) => runs.start(request, attached), { output: options.output, reporter }, context);
  });
}

/** One document an object: what `kubectl apply -f -` takes. */
async function printObjects(
  objects: readonly object[],
  format: Format | undefined,
  context: CliContext,
): Promise<number> {
  if (format === "json") await printValue({ apiVersion: "v1", kind: "List", items: objects }, "json", context);
  for (const object of format === "json" ? [] : objects) {
    context.out("---\n");
    await printValue(object, "yaml", context);
  }
  return 0;
}

const PROJECT = {
  code: "PROJECT_IGNORED",
  message: "--project has no meaning here: all runs of this machine are in one list",
  hint: "leave -p out",
};
