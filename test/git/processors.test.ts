import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { running } from "../../src/git/processors.ts";

it("how many threads want a processor is read from the system's own words", () => {
  expect(running("0.52 1.24 2.66 17/830 4711\n")).toBe(17);
  expect(running("")).toBeNaN();
  expect(running("0.52 1.24 2.66\n")).toBeNaN();
});

it.skipIf(process.platform !== "linux")(
  `which are there: this one runs${process.platform === "linux" ? "" : " (skipped: not Linux)"}`,
  () => {
    expect(running(readFileSync("/proc/loadavg", "latin1"))).toBeGreaterThan(0);
  },
);
