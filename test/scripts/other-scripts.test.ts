import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/index.ts";

const scripts = fileURLToPath(new URL("../../scripts/", import.meta.url));

describe("sum-results", () => {
  const result = (passed: number, failed: number, pending: number): string =>
    JSON.stringify({ numPassedTests: passed, numFailedTests: failed, numPendingTests: pending, numTodoTests: 0 });

  test.each([
    [[result(3, 0, 0), result(4, 0, 0)], "0", "7 passed, 0 failed", 0],
    [[result(3, 0, 2), result(4, 0, 0)], "0", "7 passed, 0 failed, 2 skipped", 0],
    [[result(3, 2, 0), result(4, 1, 0)], "2", "7 passed, 3 failed", 1],
    // a step that failed without a failed test: a check, a build, a test file that cannot be loaded
    [[result(3, 0, 0)], "1", "3 passed, 1 failed", 1],
    [[], "1", "0 passed, 1 failed", 1],
  ])("%j and %s failed steps: %s", async (results, steps, line, status) => {
    const folder = await temporaryFolder();
    await Promise.all(results.map((text, index) => writeFile(join(folder, `${index}.json`), text)));
    const ended = spawnSync(process.execPath, [join(scripts, "sum-results.js"), folder, steps], { encoding: "utf8" });
    expect(ended).toMatchObject({ stdout: `${line}\n`, status });
  });
});

describe("checks", () => {
  const checks = (...args: string[]): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, [join(scripts, "checks.js"), ...args], { encoding: "utf8" });

  test("runs the checks that are named", () => {
    expect(checks("lock")).toMatchObject({ status: 0, stdout: expect.stringMatching(/^ok +lock +[\d.]+ s\n$/) });
  });

  test("refuses a name that is none", () => {
    expect(checks("nothing")).toMatchObject({ status: 2, stderr: expect.stringContaining("no such check: nothing") });
  });
});

describe("schema-page", () => {
  test("has a row for each key, whatever its forms, and a section for each shared part", async () => {
    const { schemaPage } = (await import(join(scripts, "lib/schema-page.js"))) as {
      schemaPage: (options: { schema: object; title: string; introduction: string }) => string;
    };
    const forms = [{ type: "string" }, { type: "object", properties: { b: { $ref: "#/$defs/part" } } }];
    const schema = {
      required: ["a"],
      properties: {
        a: { description: "A text.", anyOf: forms },
        c: { type: "array", items: { type: "object", properties: { d: { enum: ["x|y", "z"] } } } },
        e: { type: "object", additionalProperties: { type: "object", properties: { f: { type: "integer" } } } },
        g: { type: ["string", "number", "boolean", "null"] },
      },
      $defs: { part: { description: "A part.", properties: { h: { const: 1 } } } },
    };
    expect(schemaPage({ schema, title: "File", introduction: "All keys." }).split("\n")).toEqual([
      "# File",
      "",
      "All keys.",
      "",
      "| key | value | meaning |",
      "| --- | --- | --- |",
      "| `a` (must) | text, map | A text. |",
      "| `a.b` | [part](#part) |  |",
      "| `c` | list of map |  |",
      "| `c[].d` | `x\\|y`, `z` |  |",
      "| `e` | map |  |",
      "| `e.*.f` | number |  |",
      "| `g` | text |  |",
      "",
      "## part",
      "",
      "A part.",
      "",
      "| key | value | meaning |",
      "| --- | --- | --- |",
      "| `h` | `1` |  |",
      "",
    ]);
  });
});

test("everything of the CI script is understood by bash", () => {
  expect(spawnSync("bash", ["-n", join(scripts, "../.ci/run")], { encoding: "utf8" })).toMatchObject({ status: 0 });
});
