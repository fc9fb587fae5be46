import type { StoredName } from "../../secrets/index.ts";
import type { CliContext } from "../context.ts";
import { printList, type Format } from "../output/data.ts";
import type { Column } from "../output/table.ts";
import { withSecretStore, type StoreOptions } from "../secret-store.ts";

const COLUMNS: Column<StoredName>[] = [
  { header: "NAME", cell: ({ name }) => name },
  { header: "KIND", cell: ({ kind }) => kind },
  { header: "KEYS", cell: ({ keys }) => keys.join(", ") },
];

/** `bowline secrets ls`: names and keys only. */
export async function run(
  { options }: { options: StoreOptions & { output?: Format } },
  context: CliContext,
): Promise<void> {
  const stored = await withSecretStore(options, context, (store) => store.names());
  const empty = "no secrets yet; store one with: bowline secrets set NAME KEY";
  await printList(stored, { format: options.output, columns: COLUMNS, name: ({ name }) => name, empty }, context);
}
