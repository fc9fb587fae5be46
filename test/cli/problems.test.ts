import { describe, expect, test } from "vitest";
import { newDesk } from "./bowline.ts";

describe("errors and warnings", () => {
  test("show place, code frame with a caret, and what to do", async () => {
    const desk = await newDesk();
    await desk.write(
      "job.yaml",
      "version: 1.1\nkind: component\nrun:\n  kind: job\n  container:\n    comand: [ls]\n    command: [ls]\n",
    );
    const { stderr, exitCode } = await desk.bowline(["check", "-f", "job.yaml"]);
    expect(exitCode).toBe(2);
    expect(stderr).toBe(`error: job.yaml:6:5: unknown key "comand" in "run.container" [FIELD_UNKNOWN]
  5 |   container:
> 6 |     comand: [ls]
    |     ^
  7 |     command: [ls]
hint: did you mean "command"?
`);
  });

  test("control characters of foreign text reach no terminal", async () => {
    const desk = await newDesk();
    await desk.write("job.yaml", 'run: {kind: job, "\\u001b]0;owned\\u0007": 1, container: {command: [ls]}}\n');
    const { stderr, exitCode } = await desk.bowline(["check", "-f", "job.yaml"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("owned");
    // oxlint-disable-next-line no-control-regex
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  test.each([
    [{ FORCE_COLOR: "1" }, true],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false],
    [{}, false],
  ])("colours with %j: %s", async (env, coloured) => {
    const desk = await newDesk();
    const { stderr } = await desk.bowline(["get", "absent"], { env });
    expect(stderr.includes("\u001b[31merror:\u001b[39m")).toBe(coloured);
  });

  test("a folder that cannot be made is no bug", async () => {
    const desk = await newDesk();
    await desk.write("home", "a file");
    const { stderr, exitCode } = await desk.bowline(["secrets", "set", "s", "k"], { input: "v" });
    expect(stderr).not.toContain("bug");
    expect([1, 2]).toContain(exitCode);
  });
});
