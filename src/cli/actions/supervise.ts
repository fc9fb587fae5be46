import { exitCodeOf } from "../../runs/index.ts";
import type { CliContext } from "../context.ts";
import { catchSignals } from "../signals.ts";
import { withRuns } from "../with-runs.ts";

/** The process behind `run -d`; it speaks to nobody but the run store. */
export async function run(
  { args, options }: { args: { RUN: string }; options: { config?: string } },
  context: CliContext,
): Promise<number> {
  return withRuns(options, context, async (runs) => {
    const signals = catchSignals({ onFirst: () => {} });
    try {
      return exitCodeOf(await runs.supervise(args.RUN, { stop: signals.stop, kill: signals.kill }));
    } finally {
      signals.release();
    }
  });
}
