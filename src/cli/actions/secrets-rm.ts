import { openSecretStore } from "../../secrets/index.ts";
import { confirm } from "../ask.ts";
import type { CliContext } from "../context.ts";
import { openConfig } from "../open-config.ts";

interface RemoveInput {
  args: { NAME: string; KEY?: string };
  options: { yes?: boolean; config?: string };
}

/** `bowline secrets rm NAME [KEY]`, after a question. */
export async function run({ args, options }: RemoveInput, context: CliContext): Promise<void> {
  const { NAME: name, KEY: key } = args;
  const { home } = await openConfig(options, context);
  const what = key === undefined ? `secret "${name}"` : `${key} of secret "${name}"`;
  if (!(await confirm(`delete ${what}?`, options, context))) return;
  await openSecretStore(home).remove(name, key);
  context.err(`deleted ${what}\n`);
}
