import { join } from "node:path";
import { sql, type CompiledQuery, type Kysely } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDatabase } from "../../../src/runs/store/open-database.ts";
import { pageQuery, prefixQuery } from "../../../src/runs/store/open-store.ts";
import type { Tables } from "../../../src/runs/store/tables.ts";
import { temporaryHome } from "../plans.ts";

const RUNS = 100_000;
let database: Kysely<Tables>;

beforeAll(async () => {
  database = await openDatabase(join(temporaryHome().data, "runs.db"));
  // In bulk: by SQLite itself, with an uuid as randomUUID makes them.
  await sql`
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${RUNS})
    insert into runs (uuid, api_version, name, kind, executor, status, final, created_at, folder, supervisor,
      code_references, warnings, errors, logs)
    select lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' ||
        substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
      'bowline/v1', 'run ' || n, 'job', 'process', case n % 1000 when 0 then 'failed' else 'succeeded' end, 1,
      strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + n, 'unixepoch'), '/f', '{}', '[]', '[]', '[]', '[]'
    from numbers`.execute(database);
});

afterAll(() => database.destroy());

/** SQLite's own account of how it answers a query. */
async function planOfQuery(query: { compile: () => CompiledQuery }): Promise<string> {
  const { sql: text, parameters } = query.compile();
  const rows = await database.executeQuery<{ detail: string }>({
    ...query.compile(),
    sql: `explain query plan ${text}`,
    parameters,
  });
  return rows.rows.map(({ detail }) => detail).join("; ");
}

test("a page of runs is read along the index by time, without sorting", async () => {
  const first = pageQuery(database, {});
  expect(await planOfQuery(first)).toBe("SCAN runs USING INDEX runs_by_time");
  const page = await first.execute();
  expect(page.map(({ name }) => name)).toEqual(Array.from({ length: 50 }, (_, index) => `run ${RUNS - index}`));
});

test("the next page begins in the index where the last ended", async () => {
  const before = { createdAt: "2023-11-15T00:00:00.000Z", uuid: "0" };
  expect(await planOfQuery(pageQuery(database, { before }))).toMatch(/^SEARCH runs USING INDEX runs_by_time/);
});

test("runs of one status are read along the index by status", async () => {
  const query = pageQuery(database, { statuses: ["failed"] });
  expect(await planOfQuery(query)).toMatch(/^SEARCH runs USING INDEX runs_by_status \(status=\?\)$/);
  expect(await query.execute()).toHaveLength(50);
});

test("the beginning of a uuid is found by the primary key", async () => {
  const query = prefixQuery(database, { prefix: "0123", limit: 2 });
  expect(await planOfQuery(query)).toMatch(
    /^SEARCH runs USING (?:COVERING INDEX|PRIMARY KEY) \(uuid>\? AND uuid<\?\)$|^SEARCH runs USING PRIMARY KEY/,
  );
});

test("what a sweep looks for is found without reading what is over", async () => {
  const open = database
    .selectFrom("runs")
    .selectAll()
    .where("final", "=", sql<number>`0`)
    .orderBy("created_at");
  expect(await planOfQuery(open)).toMatch(/USING INDEX runs_open/);
  const expired = database.selectFrom("runs").selectAll().where("expires_at", "<=", new Date().toISOString());
  expect(await planOfQuery(expired)).toMatch(/USING INDEX runs_expiring/);
});
