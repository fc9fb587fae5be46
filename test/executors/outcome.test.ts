import { expect, test } from "vitest";
import { exitCodeOf } from "../../src/runs/index.ts";
import { isLiving } from "../runs/living.ts";
import { openHarness } from "../runs/harness.ts";

const { runs, run, sh, texts, lines } = openHarness();

test("a job that ends well succeeded", async () => {
  const record = await sh("echo hello; echo oops >&2");
  expect(record).toMatchObject({ status: "succeeded", exitCode: 0, reason: "Completed", logs: ["main"] });
  expect(record.statuses.map((change) => change.status)).toEqual([
    ...["created", "compiled", "queued", "scheduled", "starting", "running", "succeeded"],
  ]);
  expect((await lines(record)).map(({ stream, text }) => `${stream} ${text}`).sort()).toEqual([
    "stderr oops",
    "stdout hello",
  ]);
  expect(exitCodeOf(record)).toBe(0);
  expect(await runs.get(record.uuid.slice(0, 8))).toEqual(record);
});

test.each([
  [1, "exit 1"],
  [3, "exit 3"],
  [255, "exit 255"],
])("exit code %i is in the record, the command's own is 1", async (exitCode, script) => {
  const record = await sh(script);
  expect(record).toMatchObject({ status: "failed", reason: "ExitCode", exitCode });
  expect(exitCodeOf(record)).toBe(1);
  expect(record.errors).toBeUndefined();
});

test.each([
  ["TERM", 143],
  ["KILL", 137],
  ["SEGV", 139],
])("SIG%s is exit code %i", async (signal, exitCode) => {
  expect(await sh(`kill -${signal} $$; sleep 1`)).toMatchObject({ status: "failed", reason: "Signal", exitCode });
});

test("a command that is not there is told as such", async () => {
  const record = await run({ command: ["no-such-program"] });
  expect(record).toMatchObject({ status: "failed", exitCode: 127 });
  expect(record.message).toContain('"no-such-program"');
  expect(await texts(record)).toEqual([expect.stringContaining('"no-such-program"')]);
});

test("a working directory that is not there is an error of the run", async () => {
  const place = { file: "job.yaml", line: 3, column: 5 };
  const record = await run({ command: ["true"], workingDir: "/no/such/folder", place });
  expect(record).toMatchObject({
    status: "failed",
    reason: "PATH_INVALID",
    errors: [{ code: "PATH_INVALID", line: 3 }],
  });
  expect(exitCodeOf(record)).toBe(2);
});

test("standard input is empty", async () => {
  expect(await texts(await sh("cat; echo end"))).toEqual(["end"]);
});

test("what a job leaves in its process group ends with it", async () => {
  const record = await sh("sleep 1000 & echo $!");
  expect(record.status).toBe("succeeded");
  const [pid] = await texts(record);
  expect(isLiving(Number(pid))).toBe(false);
});
