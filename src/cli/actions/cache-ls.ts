import { listCache } from "../../git/index.ts";
import type { CliContext } from "../context.ts";
import { cacheColumns, cacheFolder, NOTHING_CACHED } from "../output/cache-views.ts";
import { printList, type Format } from "../output/data.ts";
import { openConfig } from "../open-config.ts";

/** `bowline cache ls`. */
export async function run(
  { options }: { options: { output?: Format; config?: string } },
  context: CliContext,
): Promise<void> {
  const entries = await listCache(cacheFolder(await openConfig(options, context)));
  const view = {
    format: options.output,
    columns: cacheColumns(),
    name: ({ path }: { path: string }) => path,
    empty: NOTHING_CACHED,
  };
  await printList(entries, view, context);
}
