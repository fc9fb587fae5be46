import { BowlineError } from "../../lib/index.ts";
import type { SqliteDatabase } from "../../lib/index.ts";

/** Steps of the schema; a store's `user_version` is how many it has had. A step is never changed once it was released, only followed. */
const MIGRATIONS: readonly string[] = [
  `
  create table runs (
    uuid text primary key,
    api_version text not null,
    name text not null,
    kind text not null,
    executor text not null,
    status text not null,
    final integer not null,
    reason text,
    message text,
    exit_code integer,
    created_at text not null,
    started_at text,
    finished_at text,
    expires_at text,
    restart_of text,
    created_by text,
    folder text not null,
    supervisor text not null,
    handle text,
    code_references text not null,
    warnings text not null,
    errors text not null,
    logs text not null
  ) without rowid, strict;
  create index runs_by_time on runs (created_at, uuid);
  create index runs_by_status on runs (status, created_at, uuid);
  create index runs_open on runs (created_at) where final = 0;
  create index runs_expiring on runs (expires_at) where expires_at is not null;
  create table plans (
    uuid text primary key references runs (uuid) on delete cascade,
    plan text not null,
    executor text not null
  ) without rowid, strict;
  create table statuses (
    uuid text not null references runs (uuid) on delete cascade,
    position integer not null,
    status text not null,
    at text not null,
    reason text,
    message text,
    primary key (uuid, position)
  ) without rowid, strict;
  `,
];

/** Brings a store to this version's schema. Throws VERSION_UNSUPPORTED for a store that a newer Bowline wrote. */
export function migrate(database: SqliteDatabase, path: string, steps: readonly string[] = MIGRATIONS): void {
  if (versionOf(database) === steps.length) return;
  database.exec("begin immediate");
  try {
    // Read again under the lock: another command may have done it meanwhile.
    const version = versionOf(database);
    if (version > steps.length) throw newerStore({ path, version, known: steps.length });
    for (const step of steps.slice(version)) database.exec(step);
    database.exec(`pragma user_version = ${steps.length}`);
    database.exec("commit");
  } catch (error) {
    goBack(database);
    throw error;
  }
}

/** SQLite itself goes back where the disk fails (lang_transaction.html): what failed then is still to be told. */
function goBack(database: SqliteDatabase): void {
  try {
    database.exec("rollback");
  } catch {
    // there was nothing to go back from
  }
}

function versionOf(database: SqliteDatabase): number {
  return (database.prepare("pragma user_version").all()[0] as { user_version: number }).user_version;
}

function newerStore(found: { path: string; version: number; known: number }): BowlineError {
  return new BowlineError({
    code: "VERSION_UNSUPPORTED",
    message: `the run store "${found.path}" has schema ${found.version}; this Bowline reads up to ${found.known}`,
    hint: "use the newer Bowline that wrote it, or another folder: BOWLINE_HOME=DIR bowline ...",
  });
}
