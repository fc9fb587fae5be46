import { BowlineError } from "../lib/index.ts";
import type { RunRecord } from "../runs/index.ts";
import type { CliContext } from "./context.ts";
import { isData, printValue, type Format } from "./output/data.ts";

/** Does something with each run that was named; what fails for one is said at the end, together, and does not keep the others from it. */
export async function forEachRun(
  ids: readonly string[],
  act: (id: string) => Promise<RunRecord>,
): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  const failures: BowlineError[] = [];
  for (const id of ids) {
    try {
      records.push(await act(id));
    } catch (error) {
      if (!(error instanceof BowlineError)) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new BowlineError(failures.flatMap(({ problems }) => problems));
  return records;
}

/** Prints what a program asked to know of these runs; for eyes it was said as it happened. */
export async function printRecords(
  records: readonly RunRecord[],
  format: Format | undefined,
  context: CliContext,
): Promise<void> {
  if (isData(format)) await printValue(records, format, context);
  if (format === "name") context.out(records.map(({ uuid }) => `${uuid}\n`).join(""));
}
