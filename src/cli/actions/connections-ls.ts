import type { CliContext } from "../context.ts";
import { CONNECTION_COLUMNS, withoutPlace, noConnections } from "../output/connection-views.ts";
import { printList, type Format } from "../output/data.ts";
import { openConfig } from "../open-config.ts";

/** `bowline connections ls`, in the order of the config. */
export async function run(
  { options }: { options: { output?: Format; config?: string } },
  context: CliContext,
): Promise<void> {
  const config = await openConfig(options, context);
  const rows = [...config.catalog.connections.values()].map(withoutPlace);
  const view = { format: options.output, columns: CONNECTION_COLUMNS, name: ({ name }: { name: string }) => name };
  await printList(rows, { ...view, empty: noConnections(config) }, context);
}
