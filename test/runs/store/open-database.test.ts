import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { openSqlite } from "../../../src/lib/index.ts";
import { migrate } from "../../../src/runs/store/migrations.ts";
import { isNetworkMagic } from "../../../src/runs/store/network-file-system.ts";
import { openDatabase } from "../../../src/runs/store/open-database.ts";
import { openStore } from "../../../src/runs/store/open-store.ts";
import { temporaryHome } from "../plans.ts";

function newPath(): string {
  const path = join(temporaryHome().data, "runs.db");
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

async function pragma(path: string, name: string): Promise<unknown> {
  const database = await openSqlite(path, { timeout: 0 });
  const [row] = database.prepare(`pragma ${name}`).all() as Record<string, unknown>[];
  database.close();
  return row?.[name];
}

/** The number of steps this version knows. */
const SCHEMA_VERSION = 1;

test("a new store has this version's schema and a write-ahead log", async () => {
  const path = newPath();
  await (await openDatabase(path)).destroy();
  expect(await pragma(path, "user_version")).toBe(SCHEMA_VERSION);
  expect(await pragma(path, "journal_mode")).toBe("wal");
});

test("a store of a newer Bowline is refused and left as it is", async () => {
  const path = newPath();
  const database = await openSqlite(path, { timeout: 0 });
  database.exec(`pragma user_version = ${SCHEMA_VERSION + 1}`);
  database.close();
  await expect(openStore(path)).rejects.toMatchObject({ code: "VERSION_UNSUPPORTED" });
  expect(await pragma(path, "user_version")).toBe(SCHEMA_VERSION + 1);
});

test("an older store takes the steps it lacks, all of them or none", async () => {
  const path = newPath();
  const database = await openSqlite(path, { timeout: 0 });
  migrate(database, path, ["create table a (x)"]);
  database.exec("insert into a values (7)");
  expect(() => migrate(database, path, ["create table a (x)", "create table b (y)", "nonsense"])).toThrow();
  expect(database.prepare("select name from sqlite_schema").all()).toHaveLength(1);
  migrate(database, path, ["create table a (x)", "create table b (y); insert into b select x from a"]);
  expect(database.prepare("select y from b").all()).toMatchObject([{ y: 7 }]);
  database.close();
});

test("a file that is no store is an error that says so", async () => {
  const path = newPath();
  writeFileSync(path, "this is not a database, but a text that is long enough to look like one ".repeat(20));
  await expect(openStore(path)).rejects.toMatchObject({ code: "RUN_STORE_DAMAGED" });
});

test("network file systems are told by their magic numbers", () => {
  expect([0x6969, 0xff534d42, -11317950, 0x65735546].map(isNetworkMagic)).toEqual([true, true, true, true]);
  // ext4, tmpfs, btrfs, xfs, overlay
  expect([0xef53, 0x01021994, 0x9123683e, 0x58465342, 0x794c7630].some(isNetworkMagic)).toBe(false);
});
