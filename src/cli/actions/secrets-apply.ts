import type { CliContext } from "../context.ts";
import { printWarnings } from "../output/problems.ts";
import { usage } from "../parse-options.ts";
import { readTextFile } from "../read-text.ts";
import { withSecretStore, type StoreOptions } from "../secret-store.ts";

interface ApplyInput {
  options: StoreOptions & { file?: string[] };
}

/** `bowline secrets apply -f FILE`. The text of a manifest is never shown again: a code frame of it would show a value. */
export async function run({ options }: ApplyInput, context: CliContext): Promise<void> {
  if (options.file === undefined)
    throw usage("secrets apply needs a manifest", "name it with: -f FILE, or -f - for standard input");
  const { file: files } = options;
  await withSecretStore(options, context, async (store) => {
    for (const file of files) {
      const { name, text } = await readTextFile(file, context);
      context.texts.set(name, "");
      const { applied, warnings } = await store.apply(text, name);
      printWarnings(warnings, context);
      for (const each of applied) context.err(`stored ${each.kind} "${each.name}": ${each.keys.join(", ")}\n`);
    }
  });
}
