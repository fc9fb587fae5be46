import type { CliContext } from "../context.ts";
import { printNothingCached } from "../output/cache-words.ts";
import type { Format } from "../output/data.ts";
import { openConfig } from "../open-config.ts";

/** `bowline cache ls`. */
export async function run(
  { options }: { options: { output?: Format; config?: string } },
  context: CliContext,
): Promise<void> {
  await openConfig(options, context);
  await printNothingCached(options.output, context);
}
