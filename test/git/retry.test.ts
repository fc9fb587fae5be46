import { afterEach, expect, test, vi } from "vitest";
import { startDeadline } from "../../src/git/deadline.ts";
import { statusError } from "../../src/git/http/failures.ts";
import { withRetries } from "../../src/git/retry.ts";
import { BowlineError, parseGitUrl, type ErrorCode } from "../../src/lib/index.ts";

const url = parseGitUrl("https://h.example/org/test");
const HOUR = 3_600_000;
afterEach(() => void vi.restoreAllMocks());

/** How often it was tried, and what came of it; the attempt says which error of the system it met. */
async function tried(code: ErrorCode, tries: number, attempt = (): string => ""): Promise<[number, unknown]> {
  let count = 0;
  const deadline = startDeadline(HOUR, { what: "the test", hint: "" });
  const failing = async (): Promise<never> => {
    count += 1;
    throw new BowlineError(
      { code, message: "no", hint: "" },
      { cause: Object.assign(new Error("no"), { code: attempt() }) },
    );
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

test(
  "a connection that is refused is not tried for long; one that is slow, or that worked for long and broke, is",
  quick,
  async () => {
    let now = performance.now();
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const after =
      (...errnos: string[]) =>
      (): string => {
        now += 4_000;
        return errnos.shift()!;
      };
    const refused = expect.objectContaining({ code: "HOST_REFUSED" });
    expect(await tried("HOST_REFUSED", 3, after("ECONNREFUSED", "ECONNREFUSED"))).toEqual([2, refused]);
    expect(await tried("HOST_REFUSED", 2, after("ECONNRESET", "ECONNRESET"))).toEqual([2, refused]);
    expect(await tried("HOST_REFUSED", 3, after("ECONNRESET", "ECONNREFUSED", "ECONNREFUSED"))).toEqual([3, refused]);
    expect(await tried("HOST_TIMEOUT", 2, after("", ""))).toEqual([
      2,
      expect.objectContaining({ code: "HOST_TIMEOUT" }),
    ]);
  },
);

test.each(["Mon, 01 Jan 2001 00:00:00 GMT", "1.5", "-5", "soon", "0"])(
  "a server that asks to wait %j is not said to ask for a time",
  quick,
  async (wait) => {
    const deadline = startDeadline(100, { what: "the test", hint: "" });
    const asked = { url };
    const failing = (): Promise<never> =>
      Promise.reject(statusError(503, asked, { "retry-after": wait }) ?? new Error("no error"));
    const told = withRetries(failing, { url, request: {}, deadline, tries: 3 });
    await expect(told).rejects.toMatchObject({ code: "HOST_BUSY", hint: "the host has a fault: try again later" });
    deadline.clear();
  },
);
