import { expect, test } from "vitest";
import type { Pod } from "../../../src/executors/kubernetes/api/objects.ts";
import { at, ended, facts, job, judged, pod } from "./derived.ts";

test("the last words of a git step are the run's errors, placed where the step is written", () => {
  const words = JSON.stringify({
    errors: [{ code: "GIT_CREDENTIAL_REFUSED", message: "no", hint: "do", connection: "c" }],
  });
  const init = ended(4, { message: words });
  expect(judged({ job: job(), pods: [pod({ init, status: { phase: "Failed" } })] })).toMatchObject({
    reason: "GIT_CREDENTIAL_REFUSED",
    errors: [{ code: "GIT_CREDENTIAL_REFUSED", hint: "do", connection: "c", place: { line: 7 } }],
  });
});

test.each([
  [
    "evicted",
    { reason: "Evicted", message: "The node was low on resource: memory." },
    {},
    "Evicted",
    "low on resource",
  ],
  ["out of memory", {}, { reason: "OOMKilled" }, "OOMKilled", "more memory"],
  [
    "no such program",
    {},
    { reason: "StartError", message: 'exec: "x": executable file not found in $PATH' },
    "ExitCode",
    "could not be started",
  ],
  [
    "taken from its node",
    {
      conditions: [{ type: "DisruptionTarget", status: "True", reason: "PreemptionByScheduler", message: "preempted" }],
    },
    {},
    "PreemptionByScheduler",
    "preempted",
  ],
])("a pod that failed: %s", (_, status, more, reason, words) => {
  const failed = pod({ main: ended(137, more), status: { phase: "Failed", ...status } });
  const { reason: told, message } = judged({ job: job(), pods: [failed] });
  expect(told).toBe(reason);
  expect(message).toContain(words);
});

test.each([
  ["deleted", 130, { metadata: { deletionTimestamp: at(22) } }, "PodDeleted"],
  ["evicted", 137, { status: { phase: "Failed" as const, reason: "Evicted", message: "low on memory" } }, "Evicted"],
])("a pod that was %s in a git step was not interrupted by the user", (_, exitCode, more, reason) => {
  const words = JSON.stringify({ errors: [{ code: "INTERRUPTED", message: "interrupted", hint: "again" }] });
  const init = ended(exitCode, { message: words });
  const view = { job: job([{ type: "Failed" }]), pods: [pod({ init, status: { phase: "Failed" }, ...more })] };
  expect(judged(view)).toMatchObject({ reason, errors: [] });
});

test("a git step that was refused stays so when its pod is deleted afterwards", () => {
  const words = JSON.stringify({ errors: [{ code: "GIT_CREDENTIAL_REFUSED", message: "no", hint: "do" }] });
  const removed = pod({
    init: ended(4, { message: words }),
    status: { phase: "Failed" },
    metadata: { deletionTimestamp: at(22) },
  });
  expect(judged({ job: job([{ type: "Failed" }]), pods: [removed] }).reason).toBe("GIT_CREDENTIAL_REFUSED");
});

test("a git step out of memory tells the limit that its pod has", () => {
  const init = ended(137, { reason: "OOMKilled" });
  const failed = pod({ init, status: { phase: "Failed" } });
  failed.spec = { initContainers: [{ name: "code", resources: { limits: { memory: "64Mi" } } }] };
  const { reason, message, errors } = judged({ job: job(), pods: [failed] });
  expect({ reason, message }).toEqual({ reason: "OOMKilled", message: expect.stringContaining("limit of 64Mi") });
  expect(errors[0]?.hint).toContain("init.resources");
});

test.each(["Pending", "Running"] as const)("a Job that is deleted with its pod (%s) is the end of the run", (phase) => {
  const gone: Pod = { ...pod({ status: { phase } }), gone: true };
  const judgement = judged({ pods: [gone] }, facts({ termination: { maxRetries: 2 } }));
  expect(judgement).toMatchObject({ reason: "PodDeleted", message: "the Job of the run was deleted" });
  expect(judged({ job: job(), pods: [gone] }).path).toMatch(/starting$/);
});

test("a pod that is being removed waits for the Job's word", () => {
  const removed = pod({ main: ended(0), status: { phase: "Succeeded" }, metadata: { deletionTimestamp: at(22) } });
  expect(judged({ job: job(), pods: [removed] }).path).toBe("created compiled scheduled starting running");
  const late = job([{ type: "Failed", reason: "DeadlineExceeded" }]);
  const timed = facts({ termination: { maxRetries: 2, timeout: 9 } });
  expect(judged({ job: late, pods: [removed] }, timed)).toMatchObject({
    reason: "Timeout",
    errors: [{ code: "RUN_TIMEOUT" }],
  });
  const gone: Pod = { ...pod({ main: { running: {} }, metadata: { deletionTimestamp: at(22) } }), gone: true };
  expect(judged({ job: job([{ type: "Failed", reason: "BackoffLimitExceeded" }]), pods: [gone] }).reason).toBe(
    "PodDeleted",
  );
});

test("a pod that its own deadline ended has taken the run's time", () => {
  const over = pod({ main: ended(143), status: { phase: "Failed", reason: "DeadlineExceeded" } });
  const timed = facts({ termination: { maxRetries: 0, timeout: 9 } });
  const failed = job([{ type: "Failed", reason: "BackoffLimitExceeded" }]);
  for (const view of [job(), failed])
    expect(judged({ job: view, pods: [over] }, timed)).toMatchObject({
      reason: "Timeout",
      exitCode: 143,
      errors: [{ code: "RUN_TIMEOUT" }],
    });
  expect(judged({ job: failed, pods: [over] }).reason).not.toBe("Timeout");
});
