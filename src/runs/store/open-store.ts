import { userInfo } from "node:os";
import type { Kysely, Selectable, Updateable } from "kysely";
import type { Plan } from "../../compile/index.ts";
import type { ExecutorChoice } from "../../config/index.ts";
import type { RunRecord, StatusChange } from "../record.ts";
import type { ListQuery } from "../runs.ts";
import type { ProcessIdentity } from "../../lib/index.ts";
import { canChange, isFinal } from "../transitions.ts";
import { openDatabase } from "./open-database.ts";
import { recordOf } from "./rows.ts";
import { storeError } from "./store-errors.ts";
import type { NewRun, RunStore, RunUpdate, StoredRun } from "./store.ts";
import type { RunTable, Tables } from "./tables.ts";

type Row = Selectable<RunTable>;
type Database = Kysely<Tables>;

/** Opens the store in this file; `:memory:` is not one. Throws a BowlineError when it cannot be opened. */
export async function openStore(path: string): Promise<RunStore> {
  const database = await openDatabase(path);
  async function attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storeError(error, path);
    }
  }
  return {
    create: (run) => attempt(() => create(database, run)),
    list: (query) => attempt(() => list(database, query)),
    find: (uuid) => attempt(() => find(database, uuid)),
    uuidsLike: (prefix, limit) => attempt(() => uuidsLike(database, { prefix, limit })),
    change: (uuid, change, also) => attempt(() => changeStatus(database, { uuid, change, also })),
    update: (uuid, update) =>
      attempt(async () => {
        await database.updateTable("runs").set(columnsOf(update)).where("uuid", "=", uuid).execute();
      }),
    setPlan: (uuid, plan) =>
      attempt(async () => {
        await database
          .updateTable("plans")
          .set({ plan: JSON.stringify(plan) })
          .where("uuid", "=", uuid)
          .execute();
      }),
    takeOver: (uuid, supervisor) => attempt(() => takeOver(database, { uuid, supervisor })),
    adopt: (uuid, { gone, now }) =>
      attempt(async () => {
        const taken = await database
          .updateTable("runs")
          .set({ supervisor: JSON.stringify(now) })
          .where("uuid", "=", uuid)
          .where("final", "=", 0)
          .where("supervisor", "=", JSON.stringify(gone))
          .executeTakeFirst();
        return taken.numUpdatedRows === 1n;
      }),
    open: () =>
      attempt(() =>
        whole(database, database.selectFrom("runs").selectAll().where("final", "=", 0).orderBy("created_at")),
      ),
    expired: (now) =>
      attempt(() => whole(database, database.selectFrom("runs").selectAll().where("expires_at", "<=", now))),
    remove: (uuid) =>
      attempt(async () => {
        await database.deleteFrom("runs").where("uuid", "=", uuid).where("final", "=", 1).execute();
      }),
    close: () => database.destroy(),
  };
}

function create(database: Database, run: NewRun): Promise<RunRecord> {
  const { places, plan } = run;
  const changes: StatusChange[] = [
    { status: "created", at: places.createdAt },
    { status: "compiled", at: new Date().toISOString() },
  ];
  const row: Row = {
    uuid: places.uuid,
    api_version: "bowline/v1",
    name: plan.name,
    kind: plan.kind,
    executor: run.executor.kind,
    status: "compiled",
    final: 0,
    reason: null,
    message: null,
    exit_code: null,
    created_at: places.createdAt,
    started_at: null,
    finished_at: null,
    expires_at: null,
    restart_of: run.restartOf ?? null,
    created_by: userName(),
    folder: places.folder,
    supervisor: JSON.stringify(run.supervisor),
    handle: null,
    code_references: "[]",
    warnings: JSON.stringify(run.warnings),
    errors: "[]",
    logs: "[]",
  };
  const statuses = changes.map((change, position) => statusRow({ uuid: places.uuid, position, change }));
  return database.transaction().execute(async (transaction) => {
    await transaction.insertInto("runs").values(row).execute();
    await transaction
      .insertInto("plans")
      .values({ uuid: places.uuid, plan: JSON.stringify(plan), executor: JSON.stringify(run.executor) })
      .execute();
    await transaction.insertInto("statuses").values(statuses).execute();
    return recordOf(row, statuses);
  });
}

/** The query of a page; exported so that a test can ask SQLite how it would go about it. */
export function pageQuery(database: Database, query: ListQuery) {
  let page = database.selectFrom("runs").selectAll().orderBy("created_at", "desc").orderBy("uuid", "desc");
  const { before, statuses, prefix } = query;
  if (statuses !== undefined) page = page.where("status", "in", [...statuses]);
  if (prefix !== undefined) page = page.where("uuid", ">=", prefix).where("uuid", "<", `${prefix}~`);
  if (before !== undefined) {
    page = page.where(({ eb, refTuple, tuple }) =>
      eb(refTuple("created_at", "uuid"), "<", tuple(before.createdAt, before.uuid)),
    );
  }
  return page.limit(query.limit ?? 50);
}

/** Uuids are hexadecimal digits and hyphens, all of which sort below "~": the range is found by the primary key. */
export function prefixQuery(database: Database, { prefix, limit }: { prefix: string; limit: number }) {
  return database
    .selectFrom("runs")
    .select("uuid")
    .where("uuid", ">=", prefix)
    .where("uuid", "<", `${prefix}~`)
    .orderBy("uuid")
    .limit(limit);
}

async function list(database: Database, query: ListQuery): Promise<RunRecord[]> {
  return withStatuses(database, await pageQuery(database, query).execute());
}

async function uuidsLike(database: Database, query: { prefix: string; limit: number }): Promise<string[]> {
  return (await prefixQuery(database, query).execute()).map((row) => row.uuid);
}

async function find(database: Database, uuid: string): Promise<StoredRun | undefined> {
  return (await whole(database, database.selectFrom("runs").selectAll().where("uuid", "=", uuid)))[0];
}

async function whole(database: Database, query: { execute: () => Promise<Row[]> }): Promise<StoredRun[]> {
  const rows = await query.execute();
  if (rows.length === 0) return [];
  const records = await withStatuses(database, rows);
  const uuids = rows.map((row) => row.uuid);
  const plans = await database.selectFrom("plans").selectAll().where("uuid", "in", uuids).execute();
  const planOf = new Map(plans.map((plan) => [plan.uuid, plan]));
  return rows.flatMap((row, index) => {
    const plan = planOf.get(row.uuid);
    const record = records[index];
    if (plan === undefined || record === undefined) return [];
    return {
      record,
      plan: JSON.parse(plan.plan) as Plan,
      executor: JSON.parse(plan.executor) as ExecutorChoice,
      folder: row.folder,
      ...(row.created_by === null ? {} : { createdBy: row.created_by }),
      supervisor: JSON.parse(row.supervisor) as ProcessIdentity,
      ...(row.handle === null ? {} : { handle: JSON.parse(row.handle) as Record<string, unknown> }),
    };
  });
}

async function withStatuses(database: Database, rows: readonly Row[]): Promise<RunRecord[]> {
  if (rows.length === 0) return [];
  const uuids = rows.map((row) => row.uuid);
  const statuses = await database
    .selectFrom("statuses")
    .selectAll()
    .where("uuid", "in", uuids)
    .orderBy("uuid")
    .orderBy("position")
    .execute();
  const byRun = new Map<string, typeof statuses>();
  for (const status of statuses) byRun.set(status.uuid, [...(byRun.get(status.uuid) ?? []), status]);
  return rows.map((row) => recordOf(row, byRun.get(row.uuid) ?? []));
}

interface Change {
  uuid: string;
  change: StatusChange;
  also?: RunUpdate | undefined;
}

function changeStatus(database: Database, change: Change): Promise<boolean> {
  return database.transaction().execute((transaction) => changeWithin(transaction, change));
}

async function changeWithin(transaction: Database, { uuid, change, also }: Change): Promise<boolean> {
  const row = await transaction
    .selectFrom("runs")
    .select(["status", "started_at"])
    .where("uuid", "=", uuid)
    .executeTakeFirst();
  if (row === undefined || !canChange(row.status, change.status)) return false;
  const last = await transaction
    .selectFrom("statuses")
    .select("position")
    .where("uuid", "=", uuid)
    .orderBy("position", "desc")
    .limit(1)
    .executeTakeFirst();
  const update: Updateable<RunTable> = {
    ...columnsOf(also ?? {}),
    status: change.status,
    reason: change.reason ?? null,
    message: change.message ?? null,
  };
  // The clock of a run begins when it is handed to its executor.
  if (row.started_at === null && change.status === "scheduled") update.started_at = change.at;
  if (isFinal(change.status)) Object.assign(update, { final: 1, finished_at: change.at });
  await transaction.updateTable("runs").set(update).where("uuid", "=", uuid).execute();
  await transaction
    .insertInto("statuses")
    .values(statusRow({ uuid, position: (last?.position ?? -1) + 1, change }))
    .execute();
  return true;
}

function takeOver(database: Database, taken: { uuid: string; supervisor: ProcessIdentity }): Promise<boolean> {
  const { uuid, supervisor } = taken;
  return database.transaction().execute(async (transaction) => {
    const change: StatusChange = { status: "queued", at: new Date().toISOString() };
    if (!(await changeWithin(transaction, { uuid, change }))) return false;
    await transaction
      .updateTable("runs")
      .set({ supervisor: JSON.stringify(supervisor) })
      .where("uuid", "=", uuid)
      .execute();
    return true;
  });
}

function statusRow({ uuid, position, change }: { uuid: string; position: number; change: StatusChange }) {
  return {
    uuid,
    position,
    status: change.status,
    at: change.at,
    reason: change.reason ?? null,
    message: change.message ?? null,
  };
}

function columnsOf(update: RunUpdate): Updateable<RunTable> {
  const columns: Updateable<RunTable> = {};
  if (update.exitCode !== undefined) columns.exit_code = update.exitCode;
  if (update.expiresAt !== undefined) columns.expires_at = update.expiresAt;
  if (update.handle !== undefined) columns.handle = JSON.stringify(update.handle);
  if (update.codeReferences !== undefined) columns.code_references = JSON.stringify(update.codeReferences);
  if (update.warnings !== undefined) columns.warnings = JSON.stringify(update.warnings);
  if (update.errors !== undefined) columns.errors = JSON.stringify(update.errors);
  if (update.logs !== undefined) columns.logs = JSON.stringify(update.logs);
  return columns;
}

/** The name of who asked, for `get`; a uid without a passwd entry has none. */
function userName(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}
