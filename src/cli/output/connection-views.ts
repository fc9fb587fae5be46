import type { Config } from "../../config/index.ts";
import type { Connection } from "../../connections/index.ts";
import type { Place } from "../../lib/index.ts";
import type { Column } from "./table.ts";

/** The columns of `connections ls`. */
export const CONNECTION_COLUMNS: readonly Column<Connection>[] = [
  { header: "NAME", cell: ({ name }) => name },
  { header: "KIND", cell: ({ kind }) => kind },
  { header: "URL", cell: ({ schema }) => schema?.url },
  { header: "SECRET", cell: ({ secret }) => secret?.name },
  { header: "REVISION", cell: ({ schema }) => schema?.revision, wide: true },
  { header: "DESCRIPTION", cell: ({ description }) => description, wide: true },
];

/** What stands in a config, without where it stands. */
export function withoutPlace<T extends { place?: Place }>(entry: T): Omit<T, "place"> {
  const data = { ...entry };
  delete data.place;
  return data;
}

/** Where connections would come from, for a list that is empty. */
export function noConnections(config: Config): string {
  return config.path === undefined
    ? "no connections: no bowline.yaml was found from here upwards, and none is in the config home"
    : `no connections in ${config.path}`;
}
