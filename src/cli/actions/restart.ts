import type { Attached, RunRecord } from "../../runs/index.ts";
import { attend, isDataOnly, leave } from "../attend.ts";
import type { CliContext } from "../context.ts";
import type { Format } from "../output/data.ts";
import { createReporter } from "../progress/reporter.ts";
import { withRuns } from "../with-runs.ts";

interface RestartInput {
  args: { RUN: string };
  options: { fresh?: boolean; detach?: boolean; watch?: boolean; logs?: boolean; output?: Format; config?: string };
}

/** `bowline restart RUN`: a new run of the same plan. */
export async function run({ args, options }: RestartInput, context: CliContext): Promise<number> {
  return withRuns(options, context, async (runs) => {
    const { uuid } = await runs.get(args.RUN);
    const reporter = createReporter({ dataOnly: isDataOnly(options.output) }, context);
    const fresh = { fresh: options.fresh === true };
    if (options.detach) {
      const restart = (attached: Attached): Promise<RunRecord> =>
        runs.restart(uuid, { ...fresh, ...attached, detached: true });
      return leave(restart, { runs, reporter, options }, context);
    }
    return attend(
      (attached) => runs.restart(uuid, { ...fresh, ...attached }),
      { output: options.output, reporter },
      context,
    );
  });
}
