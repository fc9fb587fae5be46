import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import { startDeadline } from "../../src/git/deadline.ts";

afterEach(() => {
  vi.useRealTimers();
});

it.each([86_400_000, -86_400_000])("a clock that is set by %i ms neither ends a deadline nor moves it", async (by) => {
  const deadline = startDeadline(2000, { what: "the test", hint: "wait" });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + by });
  expect(deadline.signal.aborted).toBe(false);
  expect(deadline.left()).toBeLessThanOrEqual(2000);
  expect(deadline.left()).toBeGreaterThan(0);
  for (let waited = 0; !deadline.signal.aborted && waited < 10_000; waited += 50) await sleep(50);
  expect(deadline.signal.reason).toMatchObject({ code: "HOST_TIMEOUT" });
  expect(deadline.left()).toBe(0);
});
