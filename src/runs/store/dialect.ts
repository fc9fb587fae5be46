import { CompiledQuery, SqliteDialect, SqliteDriver, type DatabaseConnection } from "kysely";
import type { SqliteDatabase, SqliteValue } from "../../lib/index.ts";

/** Kysely's own SQLite dialect over the `node:sqlite` API. */
export class NodeSqliteDialect extends SqliteDialect {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    super({ database: adapter(database) });
    this.#database = database;
  }

  override createDriver(): SqliteDriver {
    return new ImmediateDriver({ database: adapter(this.#database) });
  }
}

/** Takes the write lock when a transaction begins: one that reads first and writes later would fail, not wait, when another process wrote in between. */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }

  /** SQLite itself goes back where the disk fails (lang_transaction.html): then there is nothing to end, and what failed is still to be told. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await super.rollbackTransaction(connection).catch((error: unknown) => {
      if (!String(error).includes("no transaction is active")) throw error;
    });
  }
}

function adapter(database: SqliteDatabase) {
  return {
    close: () => database.close(),
    prepare(sql: string) {
      const statement = database.prepare(sql);
      return {
        reader: statement.columns().length > 0,
        all: (values: readonly unknown[]) => statement.all(...(values as SqliteValue[])),
        run: (values: readonly unknown[]) => statement.run(...(values as SqliteValue[])),
        iterate: (values: readonly unknown[]) => statement.iterate(...(values as SqliteValue[])),
      };
    },
  };
}
