import { expect, test } from "vitest";
import { job, type Subject } from "../subject.ts";

/** Many runs at once. */
export function engineCases(subject: Subject): void {
  test("20 runs at once: each has its own exit code, log and folder, and nothing is left", async () => {
    const desk = await subject.desk();
    const script =
      "touch {{ globals.artifacts_path }}/mine; ls {{ globals.artifacts_path }} | grep -c mine; echo $BOWLINE_RUN_UUID; exit ${CODE}";
    await desk.write("job.yaml", job(subject, { script, top: "inputs: [{name: code, type: int, toEnv: CODE}]" }));
    const records = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        subject.recordOf(desk, ["run", "-f", "job.yaml", "-o", "json", "-P", `code=${index}`]),
      ),
    );
    expect(records.map(({ exitCode }) => exitCode)).toEqual(records.map((_, index) => index));
    for (const record of records) {
      expect(await subject.log(desk, record)).toBe(`1\n${record.uuid}`);
      expect(await subject.harness.leftOf(record.uuid)).toEqual([]);
    }
  }, 300_000);
}
