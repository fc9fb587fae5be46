import { stringify } from "yaml";
import { scopeOfConnection } from "../../connections/index.ts";
import type { CliContext } from "../context.ts";
import { findConnection } from "../find-connection.ts";
import { CONNECTION_COLUMNS, withoutPlace } from "../output/connection-views.ts";
import { isData, printList, printValue, type Format } from "../output/data.ts";
import { openConfig } from "../open-config.ts";

interface GetInput {
  args: { NAME: string };
  options: { output?: Format; config?: string };
}

/** `bowline connections get NAME`. */
export async function run({ args, options }: GetInput, context: CliContext): Promise<void> {
  const { output: format } = options;
  const connection = findConnection(await openConfig(options, context), args.NAME);
  const data = withoutPlace(connection);
  if (isData(format)) return printValue(data, format, context);
  if (format === "wide" || format === "name") {
    return printList([data], { format, columns: CONNECTION_COLUMNS, name: ({ name }) => name, empty: "" }, context);
  }
  context.out(stringify(data));
  const { place, secret } = connection;
  if (place) context.err(`written in ${place.file}:${place.line}\n`);
  const scope = scopeOfConnection(connection);
  if (secret && scope !== undefined) context.err(`its secret "${secret.name}" goes to ${scope} and nowhere else\n`);
}
