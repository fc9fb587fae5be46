/** The one place that knows which SQLite this runtime has. */
export interface SqliteDatabase {
  exec: (sql: string) => void;
  prepare: (sql: string) => SqliteStatement;
  close: () => void;
}

export interface SqliteStatement {
  all: (...parameters: SqliteValue[]) => unknown[];
  run: (...parameters: SqliteValue[]) => { changes: number | bigint; lastInsertRowid: number | bigint };
  iterate: (...parameters: SqliteValue[]) => IterableIterator<unknown>;
  columns: () => unknown[];
}

export type SqliteValue = null | number | bigint | string | Uint8Array;

interface SqliteModule {
  DatabaseSync: new (path: string, options: { timeout: number }) => SqliteDatabase;
}

/** Opens a database file; `timeout` is how long a statement waits for another process's lock, in milliseconds. */
export async function openSqlite(path: string, options: { timeout: number }): Promise<SqliteDatabase> {
  const { DatabaseSync } = builtinSqlite() ?? ((await import("@photostructure/sqlite")) as unknown as SqliteModule);
  return new DatabaseSync(path, options);
}

/** `node:sqlite` where the runtime has it without a flag (Node 22.13). Its one warning of being experimental is kept from the user, no other. */
function builtinSqlite(): SqliteModule | undefined {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = function emitOtherWarning(warning: string | Error, ...rest: unknown[]): void {
    const text = typeof warning === "string" ? warning : warning.message;
    if (!text.includes("SQLite is an experimental feature")) Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    return (process as { getBuiltinModule?: (name: string) => unknown }).getBuiltinModule?.("node:sqlite") as
      | SqliteModule
      | undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}
