import { BowlineError } from "../../lib/index.ts";
import { STATUSES, type RunRecord, type Status } from "../../runs/index.ts";
import type { CliContext } from "../context.ts";
import { isData, printList, type Format } from "../output/data.ts";
import { runColumns } from "../output/run-views.ts";
import { parseCount } from "../parse-options.ts";
import { withRuns } from "../with-runs.ts";

interface PsInput {
  options: { status?: string[]; limit?: string; quiet?: boolean; output?: Format; config?: string };
}

/** `bowline ps`: the newest runs first. A table is for eyes and short; a program gets more, but not 100,000 without asking. */
export async function run({ options }: PsInput, context: CliContext): Promise<void> {
  const format = options.quiet ? "name" : options.output;
  const whole = isData(format) || format === "name";
  const asked = options.limit === undefined ? undefined : parseCount(options.limit, "--limit");
  const limit = asked ?? (whole ? 1000 : 50);
  const statuses = parseStatuses(options.status ?? []);
  await withRuns(options, context, async (runs) => {
    // One more than shown tells whether there are more.
    const query = {
      limit: limit === 0 ? Number.MAX_SAFE_INTEGER : limit + 1,
      ...(statuses.length > 0 ? { statuses } : {}),
    };
    const found = await runs.list(query);
    const shown = limit === 0 ? found : found.slice(0, limit);
    const columns = runColumns(context.style.out, Date.now());
    const empty =
      statuses.length > 0 ? `no run is ${statuses.join(" or ")}` : "no runs yet; start one with: bowline run -f FILE";
    const name = (record: RunRecord): string => record.uuid;
    await printList(shown, { format, columns, name, empty }, context);
    // Who set the limit knows of it.
    if (asked === undefined && found.length > shown.length) {
      context.err(`the newest ${shown.length}; see more with: bowline ps --limit N\n`);
    }
  });
}

function parseStatuses(words: readonly string[]): Status[] {
  const names = words.flatMap((word) => word.split(",")).map((word) => word.trim());
  const unknown = names.find((name) => !STATUSES.includes(name as Status));
  if (unknown !== undefined) {
    throw new BowlineError({
      code: "USAGE",
      message: `"${unknown}" is no status of a run`,
      hint: `one of: ${STATUSES.join(", ")}`,
    });
  }
  return names as Status[];
}
