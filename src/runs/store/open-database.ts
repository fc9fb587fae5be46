import { dirname } from "node:path";
import { Kysely } from "kysely";
import { NodeSqliteDialect } from "./dialect.ts";
import { migrate } from "./migrations.ts";
import { isOnNetwork } from "./network-file-system.ts";
import { makePrivateFolder, openSqlite } from "../../lib/index.ts";
import { storeError } from "./store-errors.ts";
import type { Tables } from "./tables.ts";

/** How long a command waits for another one's write, in milliseconds. */
const BUSY_TIMEOUT = 10_000;

/** Opens, and on first use makes, the file that holds the runs. Throws a BowlineError when the disk or the file does not let it. */
export async function openDatabase(path: string): Promise<Kysely<Tables>> {
  try {
    await makePrivateFolder(dirname(path));
    const database = await openSqlite(path, { timeout: BUSY_TIMEOUT });
    try {
      const network = await isOnNetwork(dirname(path));
      database.exec(network ? "pragma journal_mode = delete" : "pragma journal_mode = wal");
      database.exec(network ? "pragma synchronous = full" : "pragma synchronous = normal");
      database.exec("pragma foreign_keys = on");
      migrate(database, path);
    } catch (error) {
      database.close();
      throw error;
    }
    return new Kysely<Tables>({ dialect: new NodeSqliteDialect(database) });
  } catch (error) {
    throw storeError(error, path);
  }
}
