import { expect, test } from "vitest";
import { job, type Subject } from "../subject.ts";

/** How runs end: by themselves, by retries, by their timeout. */
export function outcomeCases(subject: Subject): void {
  test.each([
    [0, "succeeded", 0],
    [1, "failed", 1],
    [3, "failed", 1],
  ])("exit code %i is in the record, which is %s", async (code, status, exitCode) => {
    const desk = await subject.desk();
    const { record, answer } = await subject.run(desk, job(subject, { script: `exit ${code}` }));
    expect(record).toMatchObject({ status, exitCode: code });
    expect(answer.exitCode).toBe(exitCode);
    expect(await subject.harness.leftOf(record.uuid)).toEqual([]);
  });

  test("a job that was ended by KILL has exit code 137", async () => {
    const desk = await subject.desk();
    // A shell as process 1 of a container cannot be killed from inside; its child can.
    const { record } = await subject.run(desk, job(subject, { script: "sh -c 'kill -9 $$'; exit $?" }));
    expect(record).toMatchObject({ status: "failed", exitCode: 137 });
  });
}
