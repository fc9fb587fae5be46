import fc from "fast-check";
import { expect, test } from "vitest";
import type { Status } from "../../src/runs/index.ts";
import { canChange, isFinal, TRANSITIONS } from "../../src/runs/transitions.ts";

const statuses = Object.keys(TRANSITIONS) as Status[];

test("whatever is asked for, a run moves along the table and stays where it ended", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...statuses), { maxLength: 60 }), (asked) => {
      let status: Status = "created";
      for (const next of asked) {
        const before: Status = status;
        if (canChange(status, next)) status = next;
        if (isFinal(before)) expect(status).toBe(before);
        expect(status === before || TRANSITIONS[before].includes(status)).toBe(true);
        expect(status === "created" && before !== "created").toBe(false);
      }
    }),
  );
});

test("the statuses of the design, four of them final", () => {
  expect(statuses).toEqual([
    ...["created", "compiled", "queued", "scheduled", "starting", "running", "stopping"],
    ...["succeeded", "failed", "stopped", "skipped"],
  ]);
  expect(statuses.filter(isFinal)).toEqual(["succeeded", "failed", "stopped", "skipped"]);
});

test("from everywhere there is a way to a final status, and a run can be stopped before it ends", () => {
  for (const status of statuses.filter((each) => !isFinal(each) && each !== "stopping")) {
    expect(canChange(status, "stopping")).toBe(true);
    expect(canChange(status, "failed")).toBe(true);
  }
  expect(TRANSITIONS.stopping.every(isFinal)).toBe(true);
});
