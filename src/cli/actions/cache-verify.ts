import type { CliContext } from "../context.ts";
import { NOTHING_CACHED } from "../output/cache-words.ts";
import { printList, type Format } from "../output/data.ts";
import { openConfig } from "../open-config.ts";

/** `bowline cache verify`: the list of what is damaged. */
export async function run(
  { options }: { options: { output?: Format; config?: string } },
  context: CliContext,
): Promise<void> {
  await openConfig(options, context);
  const format = options.output === undefined ? {} : { format: options.output };
  await printList([], { ...format, columns: [], name: () => "", empty: NOTHING_CACHED }, context);
}
