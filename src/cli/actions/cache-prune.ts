import type { CliContext } from "../context.ts";
import { NOTHING_CACHED } from "../output/cache-words.ts";
import { openConfig } from "../open-config.ts";

/** `bowline cache prune`. */
export async function run({ options }: { options: { config?: string } }, context: CliContext): Promise<void> {
  await openConfig(options, context);
  context.err(`${NOTHING_CACHED}\n`);
}
