import type { CliContext } from "../context.ts";
import { isData, printList, printValue, type Format } from "../output/data.ts";
import { printErrors, printWarnings } from "../output/problems.ts";
import { describeRun, problemOf, runColumns } from "../output/run-views.ts";
import { withRuns } from "../with-runs.ts";

interface GetInput {
  args: { RUN: string };
  options: { output?: Format; config?: string };
}

/** `bowline get RUN`. */
export async function run({ args, options }: GetInput, context: CliContext): Promise<void> {
  const { output: format } = options;
  await withRuns(options, context, async (runs) => {
    const record = await runs.get(args.RUN);
    if (isData(format)) return printValue(record, format, context);
    if (format !== undefined && format !== "table") {
      const columns = runColumns(context.style.out, Date.now());
      return printList([record], { format, columns, name: ({ uuid }) => uuid, empty: "" }, context);
    }
    context.out(describeRun(record, { style: context.style.out, now: Date.now() }));
    printWarnings((record.warnings ?? []).map(problemOf), context);
    printErrors((record.errors ?? []).map(problemOf), context);
  });
}
