import { configJsonSchema } from "../../config/index.ts";
import { polyaxonfileJsonSchema } from "../../spec/index.ts";
import type { CliContext } from "../context.ts";
import { printValue } from "../output/data.ts";

/** `bowline schema FILE`. */
export async function run({ args }: { args: { FILE: string } }, context: CliContext): Promise<void> {
  await printValue(args.FILE === "config" ? await configJsonSchema() : polyaxonfileJsonSchema(), "json", context);
}
