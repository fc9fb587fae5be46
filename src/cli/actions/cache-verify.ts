import { verifyCache } from "../../git/index.ts";
import type { CliContext } from "../context.ts";
import { cacheColumns, cacheFolder } from "../output/cache-views.ts";
import { printList, type Format } from "../output/data.ts";
import { openConfig } from "../open-config.ts";

/** `bowline cache verify`: the list of what was damaged. */
export async function run(
  { options }: { options: { output?: Format; config?: string } },
  context: CliContext,
): Promise<void> {
  const config = await openConfig(options, context);
  const { signal } = new AbortController();
  const { checked, damaged } = await verifyCache(cacheFolder(config), { network: config.network, signal });
  const problem = { header: "PROBLEM", cell: (entry: (typeof damaged)[number]) => entry.problem };
  await printList(
    damaged,
    {
      format: options.output,
      columns: [...cacheColumns(), problem],
      name: ({ path }) => path,
      empty: `${checked} checked, none is damaged`,
    },
    context,
  );
  if (damaged.length > 0) context.err(`${damaged.length} of ${checked} were damaged, and are taken away\n`);
}
