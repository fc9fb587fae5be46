import { openSecretStore, type StoredName } from "../../secrets/index.ts";
import type { CliContext } from "../context.ts";
import { printList, type Format } from "../output/data.ts";
import type { Column } from "../output/table.ts";
import { openConfig } from "../open-config.ts";

const COLUMNS: Column<StoredName>[] = [
  { header: "NAME", cell: ({ name }) => name },
  { header: "KIND", cell: ({ kind }) => kind },
  { header: "KEYS", cell: ({ keys }) => keys.join(", ") },
];

/** `bowline secrets ls`: names and keys only. */
export async function run(
  { options }: { options: { output?: Format; config?: string } },
  context: CliContext,
): Promise<void> {
  const { home } = await openConfig(options, context);
  const stored = await openSecretStore(home).names();
  const format = options.output === undefined ? {} : { format: options.output };
  const empty = "no secrets yet; store one with: bowline secrets set NAME KEY";
  await printList(stored, { ...format, columns: COLUMNS, name: ({ name }) => name, empty }, context);
}
