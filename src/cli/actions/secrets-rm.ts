import { confirm } from "../ask.ts";
import type { CliContext } from "../context.ts";
import { withSecretStore, type StoreOptions } from "../secret-store.ts";

interface RemoveInput {
  args: { NAME: string; KEY?: string };
  options: StoreOptions & { yes?: boolean };
}

/** `bowline secrets rm NAME [KEY]`, after a question. */
export async function run({ args, options }: RemoveInput, context: CliContext): Promise<void> {
  const { NAME: name, KEY: key } = args;
  const what = key === undefined ? `secret "${name}"` : `${key} of secret "${name}"`;
  if (!(await confirm(`delete ${what}?`, options, context))) return;
  await withSecretStore(options, context, (store) => store.remove(name, key));
  context.err(`deleted ${what}\n`);
}
