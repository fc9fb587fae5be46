import { BowlineError } from "../../lib/index.ts";
import type { StartRequest } from "../../runs/index.ts";
import { attend, isDataOnly, leave } from "../attend.ts";
import type { CliContext } from "../context.ts";
import { offerTrust } from "../offer-trust.ts";
import type { Format } from "../output/data.ts";
import { printWarnings } from "../output/problems.ts";
import { compileFiles, type FileOptions } from "../polyaxonfile.ts";
import { createReporter } from "../progress/reporter.ts";
import { withRuns } from "../with-runs.ts";

interface RunInput {
  options: FileOptions & {
    executor?: "process" | "docker" | "kubernetes";
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
    const executor = options.executor === undefined ? config.executor : { ...config.executor, kind: options.executor };
    const places = runs.prepare(executor.kind);
    const { plan, errors, warnings } = await compileFiles({ options, command: rest, config, places }, context);
    printWarnings(warnings, context);
    if (plan === undefined || errors.length > 0) throw new BowlineError(errors);
    if (await offerTrust({ config, plan }, context)) return run(input, context);
    if (options.project !== undefined) printWarnings([PROJECT], context);
    const request: StartRequest = { places, plan, executor, warnings: [...config.warnings, ...warnings] };
    const reporter = createReporter({ dataOnly: isDataOnly(options.output) }, context);
    reporter.plan(plan);
    if (options.detach) {
      const leaving = { runs, reporter, options: { ...options, uuid: places.uuid } };
      return leave((attached) => runs.startDetached(request, attached), leaving, context);
    }
    return attend((attached) => runs.start(request, attached), { output: options.output, reporter }, context);
  });
}

const PROJECT = {
  code: "PROJECT_IGNORED",
  message: "--project has no meaning here: all runs of this machine are in one list",
  hint: "leave -p out",
};
