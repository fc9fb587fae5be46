import { expect, test } from "vitest";
import type { KubeEvent, Pod } from "../../../src/executors/kubernetes/api/objects.ts";
import type { RunFacts } from "../../../src/executors/kubernetes/derive/view.ts";
import { at, ended, facts, job, judged, NOW, pod, UUID } from "./derived.ts";

test("nothing but a record is a run that was made just now; later it is lost, unless events remember its end", () => {
  expect(judged({}, facts(), NOW + 60_000)).toMatchObject({ path: "created compiled", errors: [] });
  const pinned: RunFacts = { ...facts(), queuedAt: at(4) };
  expect(judged({}, pinned, Date.parse(at(20)))).toMatchObject({ path: "created compiled queued", errors: [] });
  expect(judged({}, pinned, NOW + 60_000)).toMatchObject({
    path: "created compiled queued failed",
    errors: [{ code: "RUN_LOST" }],
  });
  const event = (reason: string): KubeEvent => ({
    metadata: { name: reason, uid: reason },
    involvedObject: { name: `train-${UUID}` },
    reason,
    firstTimestamp: at(5),
    lastTimestamp: at(40),
  });
  expect(judged({ events: [event("SuccessfulCreate"), event("Completed")] }, pinned, NOW + 60_000)).toMatchObject({
    path: "created compiled queued scheduled succeeded",
    exitCode: 0,
  });
  const late = { ...event("DeadlineExceeded"), involvedObject: { name: `train-${UUID}-abcde` } };
  const timed = { ...pinned, plan: { ...pinned.plan, termination: { maxRetries: 0, timeout: 9 } } };
  expect(judged({ events: [late, event("BackoffLimitExceeded")] }, timed, NOW + 60_000).reason).toBe("Timeout");
});

test("the way of a job that succeeds, at the cluster's times", () => {
  const running = { phase: "Running" as const };
  expect(judged({ job: job() }).path).toBe("created compiled scheduled");
  expect(judged({ job: job(), pods: [pod({})] }).path).toBe("created compiled scheduled starting");
  expect(
    judged({ job: job(), pods: [pod({ main: { running: { startedAt: at(10) } }, status: running })] }),
  ).toMatchObject({
    path: "created compiled scheduled starting running",
    statuses: [{}, {}, { at: at(1) }, { at: at(3) }, { at: at(10) }],
    logs: ["main"],
  });
  const done = pod({ init: ended(0), main: ended(0), status: { phase: "Succeeded" } });
  expect(judged({ job: job(), pods: [done] })).toMatchObject({
    reason: "Completed",
    exitCode: 0,
    logs: ["init/code", "main"],
  });
  expect(judged({ job: job([{ type: "Complete" }]) })).toMatchObject({ reason: "Completed", exitCode: 0 });
});

test("attempts follow one another", () => {
  const failed = (name: string, second: number): Pod =>
    pod({ name, main: ended(3), status: { phase: "Failed" }, metadata: { creationTimestamp: at(second) } });
  const twice = facts({ termination: { maxRetries: 1 } });
  expect(judged({ job: job(), pods: [failed("a", 2)] }, twice).path).toBe(
    "created compiled scheduled starting running",
  );
  expect(judged({ job: job(), pods: [failed("b", 25), failed("a", 2)] }, twice)).toMatchObject({
    path: "created compiled scheduled starting running starting running failed",
    reason: "ExitCode",
    message: "the main container ended with exit code 3 in the last of 2 attempts",
    exitCode: 3,
  });
});

test("the last words of one that succeeded are its code reference, whole or by its digest", () => {
  const code = (message: string) =>
    judged({ job: job(), pods: [pod({ init: ended(0, { message }), main: { running: {} } })] }).code.get("code");
  expect(code('{"commit":"c","tree":"t","url":"u"}')).toEqual({ commit: "c", tree: "t", url: "u" });
  expect(code('{"commit":"c","tree":"t","digest":"sha256:d"}')).toMatchObject({ digest: "sha256:d", pod: "p1" });
  expect(code("not json")).toBeUndefined();
});

test("what was asked to end is stopping until nothing runs, whatever the Job says then", () => {
  const asked: RunFacts = { ...facts(), stopAt: at(15) };
  const running = pod({ main: { running: { startedAt: at(10) } }, status: { phase: "Running" } });
  expect(judged({ job: job(), pods: [running] }, asked).path).toMatch(/running stopping$/);
  const over = pod({ main: ended(143), status: { phase: "Failed", reason: "DeadlineExceeded" } });
  expect(judged({ job: job([{ type: "Failed", reason: "BackoffLimitExceeded" }]), pods: [over] }, asked)).toMatchObject(
    {
      reason: "Stopped",
      exitCode: 143,
      errors: [],
    },
  );
});

test.each([
  ["ImagePullBackOff", "Back-off", true],
  ["ErrImagePull", "connection reset", false],
  ["ErrImagePull", "manifest unknown: not found", true],
  ["CreateContainerConfigError", 'secret "s" not found', true],
  ["CreateContainerConfigError", "failed to sync secret cache: timed out", false],
  ["CreateContainerConfigError", "container has runAsNonRoot and image will run as root", true],
])("%s (%s) is the end: %s", (reason, message, final) => {
  const waiting = pod({ main: { waiting: { reason, message } } });
  const { hopeless, path, errors, reason: told } = judged({ job: job(), pods: [waiting] });
  expect(hopeless).toBe(final);
  expect(path.endsWith("failed")).toBe(final);
  expect(errors.length > 0).toBe(final);
  expect(told).toBeDefined();
});

test("no room is waited for; no node that fits is not, unless one is being made", () => {
  const pending = (message: string): Pod =>
    pod({ status: { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }] } });
  const events: KubeEvent[] = [
    { metadata: { name: "e", uid: "e" }, involvedObject: { uid: "p1" }, reason: "TriggeredScaleUp", message: "" },
  ];
  const never = pending("0/3 nodes are available: didn't match Pod's node affinity");
  expect(judged({ job: job(), pods: [pending("0/3 nodes are available: 3 Insufficient cpu.")] }).hopeless).toBe(false);
  expect(judged({ job: job(), pods: [never] }).hopeless).toBe(true);
  expect(judged({ job: job(), pods: [never], events }).hopeless).toBe(false);
  for (const away of ["node(s) were unschedulable", "node(s) had untolerated taint {node.kubernetes.io/not-ready: }"])
    expect(judged({ job: job(), pods: [pending(`0/3 nodes are available: 3 ${away}.`)] }).hopeless).toBe(false);
  expect(judged({ job: job(), pods: [never] }, facts(), Date.parse(at(10)))).toMatchObject({
    hopeless: false,
    reason: "Unschedulable",
  });
});

test("a sidecar that ends before the main container is told, and in the end is the run's", () => {
  const sidecar = { name: "side", env: [], connections: [], rest: {} };
  const ending = (restartCount: number): Pod => {
    const waiting = pod({ status: { phase: "Pending" } });
    waiting.status!.initContainerStatuses = [
      { name: "side", restartCount, state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: ended(1) },
    ];
    return waiting;
  };
  const told = (restartCount: number) =>
    judged({ job: job(), pods: [ending(restartCount)] }, facts({ sidecars: [sidecar] }));
  expect(told(1)).toMatchObject({ hopeless: false, reason: "SidecarEnded" });
  expect(told(1).message).toContain('"side" ended with exit code 1');
  expect(told(3)).toMatchObject({ hopeless: true, errors: [{ code: "RUN_FAILED" }] });
});

test("limits that the namespace sets are told with what sets them", () => {
  const refused = (message: string): KubeEvent[] => [
    {
      metadata: { name: "e", uid: "e" },
      involvedObject: { name: `train-${UUID}` },
      reason: "FailedCreate",
      message: `Error creating: pods "p" is forbidden: ${message}`,
    },
  ];
  for (const message of [
    "maximum memory usage per Container is 256Mi, but limit is 512Mi",
    "failed quota: q: must specify limits.memory for: main",
  ]) {
    const { hopeless, errors } = judged({ job: job(), events: refused(message) });
    expect(hopeless).toBe(true);
    expect(errors[0]?.message).toContain(message);
    expect(errors[0]?.hint).toContain("init.resources");
  }
});

test("a service runs as long as one of its copies does, and tells when one is started again and again", () => {
  const service = facts({ kind: "service", ports: [80] });
  const deployment = { metadata: job().metadata, spec: {} };
  const copy = pod({ main: { running: { startedAt: at(10) } }, metadata: { namespace: "n" } });
  const runs = judged({ deployment, pods: [copy] }, service);
  expect(runs.path).toBe("created compiled scheduled starting running");
  expect(runs.message).toContain(`kubectl port-forward -n n service/train-${UUID} 80:80`);
  const crashing = pod({ main: { waiting: { reason: "CrashLoopBackOff" } } });
  crashing.status!.containerStatuses![0] = {
    ...crashing.status!.containerStatuses![0]!,
    restartCount: 4,
    lastState: ended(1),
  };
  expect(judged({ deployment, pods: [crashing] }, service)).toMatchObject({
    reason: "CrashLoopBackOff",
    hopeless: false,
  });
});
