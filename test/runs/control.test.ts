import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { requestStop } from "../../src/runs/control.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Reads the file all the time until it is told to end; tells what it has seen. */
const READER = `
  const { readFileSync } = require("node:fs");
  const { parentPort, workerData } = require("node:worker_threads");
  const seen = new Set();
  const ended = new Int32Array(workerData.ended);
  while (Atomics.load(ended, 0) === 0) {
    try { seen.add(readFileSync(workerData.path, "utf8")); } catch {}
  }
  parentPort.postMessage([...seen]);
`;

test("a request to stop is never seen without its grace", async () => {
  const folder = await temporaryFolder();
  const ended = new SharedArrayBuffer(4);
  const reader = new Worker(READER, { eval: true, workerData: { ended, path: join(folder, "control/stop") } });
  const seen = new Promise((resolve) => reader.once("message", resolve));
  for (let time = 0; time < 100; time++) await requestStop(folder, { grace: 30_000 });
  Atomics.store(new Int32Array(ended), 0, 1);
  expect(await seen).toEqual(["30000"]);
});
