import { afterEach, expect, test, vi } from "vitest";
import { startDeadline } from "../../src/git/deadline.ts";
import { withRetries } from "../../src/git/retry.ts";
import { BowlineError, parseGitUrl, type ErrorCode } from "../../src/lib/index.ts";

const url = parseGitUrl("https://h.example/org/test");
const HOUR = 3_600_000;
afterEach(() => void vi.restoreAllMocks());

/** How often it was tried, and what came of it. */
async function tried(code: ErrorCode, tries: number, attempt = (): void => {}): Promise<[number, unknown]> {
  let count = 0;
  const deadline = startDeadline(HOUR, { what: "the test", hint: "" });
  const failing = async (): Promise<never> => {
    count += 1;
    attempt();
    throw new BowlineError({ code, message: "no", hint: "" });
  };
  const error: unknown = await withRetries(failing, { url, request: {}, deadline, tries }).catch(
    (thrown: unknown) => thrown,
  );
  deadline.clear();
  return [count, error];
}

const quick = { timeout: 10_000 };

test("a fault that may pass is tried as often as was said, a refusal once", quick, async () => {
  expect(await tried("HOST_TIMEOUT", 2)).toEqual([2, expect.objectContaining({ code: "HOST_TIMEOUT" })]);
  expect(await tried("GIT_PROTOCOL", 2)).toEqual([1, expect.objectContaining({ code: "GIT_PROTOCOL" })]);
});

test("a connection that is refused is not tried for long; one that is slow is", quick, async () => {
  let now = performance.now();
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const later = (): void => void (now += 4_000);
  expect(await tried("HOST_REFUSED", 2, later)).toEqual([1, expect.objectContaining({ code: "HOST_REFUSED" })]);
  expect(await tried("HOST_TIMEOUT", 2, later)).toEqual([2, expect.objectContaining({ code: "HOST_TIMEOUT" })]);
});
