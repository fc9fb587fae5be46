import { confirm } from "../ask.ts";
import type { CliContext } from "../context.ts";
import { forEachRun, printRecords } from "../each-run.ts";
import type { Format } from "../output/data.ts";
import { shortUuid } from "../output/run-views.ts";
import { withRuns } from "../with-runs.ts";

interface DeleteInput {
  args: { RUN: string[] };
  options: { yes?: boolean; output?: Format; config?: string };
}

/** `bowline delete RUN…`, after a question. */
export async function run({ args, options }: DeleteInput, context: CliContext): Promise<void> {
  await withRuns(options, context, async (runs) => {
    const found = await forEachRun(args.RUN, (id) => runs.get(id));
    const what = found.map(({ uuid, name }) => `${name} ${shortUuid(uuid)}`).join(", ");
    if (!(await confirm(`delete ${what} with its logs and files?`, options, context))) return;
    const records = await forEachRun(
      found.map(({ uuid }) => uuid),
      async (uuid) => {
        const record = await runs.delete(uuid);
        context.err(`deleted run ${shortUuid(uuid)}\n`);
        return record;
      },
    );
    await printRecords(records, options.output, context);
  });
}
