import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  leaveSettlement,
  readSettlement,
  reserveSettlement,
  settledRecord,
  type Settlement,
} from "../../src/runs/settlement.ts";
import type { RunRecord } from "../../src/runs/index.ts";
import { temporaryHome } from "./plans.ts";

const at = "2026-01-02T03:04:05.000Z";

function folderOfRun(): string {
  const folder = temporaryHome().state;
  mkdirSync(folder, { recursive: true });
  reserveSettlement(folder);
  return folder;
}

test("room kept for a settlement is none, and takes one without growing", () => {
  const folder = folderOfRun();
  const size = statSync(join(folder, "settlement")).size;
  expect(readSettlement(folder)).toBeUndefined();
  const settlement: Settlement = { changes: [{ status: "failed", at, reason: "ExitCode" }], update: { exitCode: 3 } };
  leaveSettlement(folder, settlement);
  expect(readSettlement(folder)).toEqual(settlement);
  expect(statSync(join(folder, "settlement")).size).toBe(size);
});

test("what is longer than that room gives way to the bare end", () => {
  const folder = folderOfRun();
  const size = statSync(join(folder, "settlement")).size;
  const message = "long ".repeat(10_000);
  leaveSettlement(folder, {
    changes: [{ status: "failed", at, reason: "RUN_LOST", message }],
    update: { exitCode: 3, expiresAt: at, errors: [{ code: "RUN_LOST", message, hint: "" }] },
  });
  expect(readSettlement(folder)).toEqual({
    changes: [{ status: "failed", at, reason: "RUN_LOST" }],
    update: { exitCode: 3, expiresAt: at },
  });
  expect(statSync(join(folder, "settlement")).size).toBe(size);
});

test("what is longer even so leaves the room as it was", () => {
  const folder = folderOfRun();
  const changes = Array.from({ length: 1_000 }, () => ({ status: "starting" as const, at }));
  leaveSettlement(folder, { changes, update: {} });
  expect(readSettlement(folder)).toBeUndefined();
});

test("a record is seen with its settlement", () => {
  const record = { status: "running", statuses: [{ status: "running", at: "1" }] } as RunRecord;
  const settlement: Settlement = { changes: [{ status: "failed", at, reason: "ExitCode" }], update: { exitCode: 3 } };
  expect(settledRecord(record, settlement)).toEqual({
    ...{ status: "failed", reason: "ExitCode", exitCode: 3, finishedAt: at },
    statuses: [
      { status: "running", at: "1" },
      { status: "failed", at, reason: "ExitCode" },
    ],
  });
});
