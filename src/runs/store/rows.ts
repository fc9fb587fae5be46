import type { Selectable } from "kysely";
import { BowlineError } from "../../lib/index.ts";
import type { RunRecord, StatusChange } from "../record.ts";
import type { RunTable, StatusTable } from "./tables.ts";

/** A row as scripts see it: what is unknown or empty is absent. Throws VERSION_UNSUPPORTED for a newer record. */
export function recordOf(row: Selectable<RunTable>, statuses: readonly Selectable<StatusTable>[]): RunRecord {
  if (row.api_version !== "bowline/v1") throw newerRecord(row);
  const warnings = JSON.parse(row.warnings) as NonNullable<RunRecord["warnings"]>;
  const errors = JSON.parse(row.errors) as NonNullable<RunRecord["errors"]>;
  return {
    apiVersion: "bowline/v1",
    uuid: row.uuid,
    name: row.name,
    kind: row.kind,
    executor: row.executor,
    status: row.status,
    ...present("reason", row.reason),
    ...present("message", row.message),
    ...present("exitCode", row.exit_code),
    createdAt: row.created_at,
    ...present("startedAt", row.started_at),
    ...present("finishedAt", row.finished_at),
    statuses: statuses.map(changeOf),
    codeReferences: JSON.parse(row.code_references) as RunRecord["codeReferences"],
    ...(warnings.length > 0 ? { warnings } : {}),
    ...(errors.length > 0 ? { errors } : {}),
    logs: JSON.parse(row.logs) as string[],
    ...present("restartOf", row.restart_of),
  };
}

export function changeOf(row: Selectable<StatusTable>): StatusChange {
  return { status: row.status, at: row.at, ...present("reason", row.reason), ...present("message", row.message) };
}

function present<K extends string, V>(key: K, value: V | null): { [key in K]?: V } {
  return value === null ? {} : ({ [key]: value } as { [key in K]?: V });
}

function newerRecord(row: Selectable<RunTable>): BowlineError {
  return new BowlineError({
    code: "VERSION_UNSUPPORTED",
    message: `the run "${row.uuid}" is a record of "${row.api_version}"; this Bowline reads "bowline/v1"`,
    hint: "use the newer Bowline that wrote it",
  });
}
