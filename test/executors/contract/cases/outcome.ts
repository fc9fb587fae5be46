import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { until } from "../../../runs/living.ts";
import { job, type Subject } from "../subject.ts";

/** How runs end: by themselves, by retries, by their timeout, by being stopped. */
export function outcomeCases(subject: Subject): void {
  const { harness } = subject;

  test.each([
    [0, "succeeded", 0],
    [1, "failed", 1],
    [3, "failed", 1],
  ])("exit code %i is in the record, which is %s", async (code, status, exitCode) => {
    const desk = await subject.desk();
    const { record, answer } = await subject.run(desk, job(subject, { script: `exit ${code}` }));
    expect(record).toMatchObject({ status, exitCode: code });
    expect(record.statuses.map((each) => each.status)).toEqual([
      ...["created", "compiled", "queued", "scheduled", "starting", "running"],
      status,
    ]);
    expect(answer.exitCode).toBe(exitCode);
    expect(await harness.leftOf(record.uuid)).toEqual([]);
  });

  test("a job that was ended by KILL has exit code 137", async () => {
    const desk = await subject.desk();
    // A shell as process 1 of a container cannot be killed from inside; its child can.
    const { record } = await subject.run(desk, job(subject, { script: "sh -c 'kill -9 $$'; exit $?" }));
    expect(record).toMatchObject({ status: "failed", exitCode: 137 });
  });

  test("maxRetries: it is tried again in the same folder until it succeeds", async () => {
    const desk = await subject.desk();
    const script =
      "echo x >> {{ globals.run_outputs_path }}/tries; wc -l < {{ globals.run_outputs_path }}/tries; [ $(wc -l < {{ globals.run_outputs_path }}/tries) = 3 ]";
    const anew = harness.otherwise["new folder"] !== undefined;
    // Where nothing counts up, two attempts are enough to see that.
    const file = job(subject, { script, top: `termination: {maxRetries: ${anew ? 1 : 3}}` });
    const { record } = await subject.run(desk, file);
    const lines = (await subject.log(desk, record)).split("\n").map((line) => line.trim());
    expect(lines).toEqual(anew ? ["1", "1"] : ["1", "2", "3"]);
    expect(record.status).toBe(anew ? "failed" : "succeeded");
    expect(record.statuses.filter(({ status }) => status === "starting").length).toBe(anew ? 2 : 3);
  }, 180_000);

  test("maxRetries: the last attempt's failure is the run's", async () => {
    const desk = await subject.desk();
    const file = job(subject, { script: "exit 4", top: "termination: {maxRetries: 1}" });
    const { record } = await subject.run(desk, file);
    expect(record).toMatchObject({ status: "failed", exitCode: 4 });
    expect(record.message).toContain("2 attempts");
    expect(await harness.leftOf(record.uuid)).toEqual([]);
  }, 180_000);

  test("timeout: the run is ended, over all attempts, with exit code 124", async () => {
    const desk = await subject.desk();
    const file = job(subject, { script: "sleep 1; exit 1", top: "termination: {timeout: 3, maxRetries: 100}" });
    const { record, answer } = await subject.run(desk, file);
    expect(record).toMatchObject({ status: "failed", reason: "Timeout", errors: [{ code: "RUN_TIMEOUT" }] });
    expect(answer.exitCode).toBe(124);
    expect(await harness.leftOf(record.uuid)).toEqual([]);
  });

  test("ttl: the run is forgotten by the next command after it", async () => {
    const desk = await subject.desk();
    const record = await subject.succeeds(desk, job(subject, { script: "true", top: "termination: {ttl: 1}" }));
    await sleep(1500);
    const { stdout } = await desk.bowline(["ps", "-o", "json"]);
    const known = (JSON.parse(stdout) as { uuid: string }[]).some(({ uuid }) => uuid === record.uuid);
    expect(known).toBe(harness.otherwise["kept record"] !== undefined);
    expect(await harness.leftOf(record.uuid)).toEqual([]);
  });

  test("stop: the job is asked to end, and may say goodbye", async () => {
    const desk = await subject.desk();
    const script = "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.1; done";
    const record = await subject.detached(desk, job(subject, { script }));
    await until(async () => (await subject.log(desk, record)).includes("ready"));
    expect((await desk.bowline(["stop", record.uuid, "-y"])).exitCode).toBe(0);
    const ended = await subject.recordOf(desk, ["get", record.uuid, "-o", "json"]);
    expect(ended).toMatchObject({ status: "stopped", exitCode: 5 });
    const lines = (await subject.log(desk, record)).split("\n");
    expect([lines[0], lines.at(-1)]).toEqual(["ready", "bye"]);
    expect(await harness.leftOf(record.uuid)).toEqual([]);
  });

  test("Ctrl-C twice: a job that does not listen is killed", async () => {
    const desk = await subject.desk();
    await desk.write("job.yaml", job(subject, { script: "trap '' TERM; echo re''ady; while :; do sleep 0.1; done" }));
    const child = desk.start(["run", "-f", "job.yaml", "-o", "json"]);
    let stdout = "";
    let stderr = "";
    child.stdout?.on("data", (chunk) => (stdout += String(chunk)));
    child.stderr?.on("data", (chunk) => (stderr += String(chunk)));
    await until(() => stderr.includes("ready"));
    child.kill("SIGINT");
    await until(() => stderr.includes("once more"));
    // Two within a moment are taken for one.
    await sleep(300);
    child.kill("SIGINT");
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(code).toBe(130);
    const record = JSON.parse(stdout) as { uuid: string };
    expect(record).toMatchObject({ status: "stopped", exitCode: 137 });
    expect(await harness.leftOf(record.uuid)).toEqual([]);
  });
}
