import { closeSync, fsyncSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { writeError } from "../lib/index.ts";
import type { RunRecord, StatusChange } from "./record.ts";
import type { RunUpdate } from "./store/store.ts";

/** What a supervisor could not write into the store. */
export interface Settlement {
  changes: StatusChange[];
  update: RunUpdate;
}

/** Bytes kept for a settlement. */
const SIZE = 16 * 1024;

/** Keeps room on the disk for the end of a run: written over later, it needs no space that a full disk could refuse. */
export function reserveSettlement(runFolder: string): void {
  const path = pathOf(runFolder);
  try {
    writeFileSync(path, " ".repeat(SIZE), { mode: 0o600 });
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Leaves what the next command is to put into the store. Long lists give way to the bare statuses. */
export function leaveSettlement(runFolder: string, settlement: Settlement): void {
  const { exitCode, expiresAt } = settlement.update;
  const bare: Settlement = {
    changes: settlement.changes.map(({ status, at, reason }) => ({
      status,
      at,
      ...(reason === undefined ? {} : { reason }),
    })),
    update: { ...(exitCode === undefined ? {} : { exitCode }), ...(expiresAt === undefined ? {} : { expiresAt }) },
  };
  const text = [settlement, bare]
    .map((each) => Buffer.from(JSON.stringify(each)))
    .find((bytes) => bytes.length <= SIZE);
  if (text === undefined) return;
  const file = openSync(pathOf(runFolder), "r+");
  try {
    writeSync(file, text, 0, text.length, 0);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** What a supervisor left; undefined when it left nothing. */
export function readSettlement(runFolder: string): Settlement | undefined {
  try {
    return JSON.parse(readFileSync(pathOf(runFolder), "utf8")) as Settlement;
  } catch {
    return undefined;
  }
}

/** A record with what the store was not told. */
export function settledRecord(record: RunRecord, { changes, update }: Settlement): RunRecord {
  const last = changes.at(-1);
  if (last === undefined) return record;
  const { exitCode, errors, logs } = update;
  return {
    ...record,
    status: last.status,
    ...(last.reason === undefined ? {} : { reason: last.reason }),
    ...(last.message === undefined ? {} : { message: last.message }),
    ...(exitCode === undefined ? {} : { exitCode }),
    finishedAt: last.at,
    statuses: [...record.statuses, ...changes],
    ...(errors === undefined ? {} : { errors: [...errors] }),
    ...(logs === undefined ? {} : { logs: [...logs] }),
  };
}

function pathOf(runFolder: string): string {
  return join(runFolder, "settlement");
}
