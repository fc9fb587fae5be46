import { confirm } from "../ask.ts";
import type { CliContext } from "../context.ts";
import type { Format } from "../output/data.ts";
import { shortUuid } from "../output/run-views.ts";
import { forEachRun, printRecords } from "../each-run.ts";
import { isFinal } from "../../runs/index.ts";
import { withRuns } from "../with-runs.ts";

interface StopInput {
  args: { RUN: string[] };
  options: { yes?: boolean; output?: Format; config?: string };
}

/** `bowline stop RUN…`. Asks only where more than one run would be stopped. */
export async function run({ args, options }: StopInput, context: CliContext): Promise<void> {
  await withRuns(options, context, async (runs) => {
    const several = `stop ${args.RUN.length} runs?`;
    if (args.RUN.length > 1 && !(await confirm(several, options, context))) return;
    const records = await forEachRun(args.RUN, async (id) => {
      const before = await runs.get(id);
      const record = await runs.stop(before.uuid);
      const already = isFinal(before.status) ? "over already: " : "";
      context.err(`run ${shortUuid(record.uuid)} is ${already}${record.status}\n`);
      return record;
    });
    await printRecords(records, options.output, context);
  });
}
