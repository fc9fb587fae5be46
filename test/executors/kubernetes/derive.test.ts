import { expect, test } from "vitest";
import type { Plan } from "../../../src/compile/index.ts";
import type { ContainerState, Job, KubeEvent, Pod } from "../../../src/executors/kubernetes/api/objects.ts";
import { derive } from "../../../src/executors/kubernetes/derive/derive.ts";
import type { RunFacts, RunView } from "../../../src/executors/kubernetes/derive/view.ts";

const UUID = "0b6c1b1e-6f0e-4b62-9d3c-2f4e0d7a9c11";
const NOW = Date.parse("2026-11-23T08:01:00Z");
const at = (second: number): string => new Date(Date.parse("2026-11-23T08:00:00Z") + second * 1000).toISOString();

function facts(change: Partial<Plan> = {}): RunFacts {
  const plan: Plan = {
    apiVersion: "bowline/v1",
    kind: "job",
    name: "train",
    params: {},
    connections: {},
    artifactsPath: "/plx-context/artifacts",
    init: [
      {
        kind: "git",
        name: "code",
        url: "https://h/o/r",
        urlOverridden: false,
        path: "/plx-context/artifacts/code",
        options: { history: 1, tags: false, submodules: false, lfs: false, sparse: [] },
        place: { file: "job.yaml", line: 7, column: 3 },
      },
    ],
    main: { name: "main", image: "i", env: [], connections: [], rest: {} },
    sidecars: [],
    volumes: [],
    environment: {},
    termination: { maxRetries: 0 },
    ports: [],
    replicas: 1,
    ...change,
  };
  return { uuid: UUID, createdAt: at(0), object: `train-${UUID}`, plan };
}

function job(conditions: { type: string; reason?: string; message?: string; at?: string }[] = []): Job {
  return {
    metadata: { name: `train-${UUID}`, uid: "j", creationTimestamp: at(1) },
    spec: {},
    status: {
      conditions: conditions.map(({ at: time = at(30), ...each }) => ({
        ...each,
        status: "True",
        lastTransitionTime: time,
      })),
    },
  };
}

interface PodParts {
  name?: string;
  main?: ContainerState;
  init?: ContainerState;
  status?: Partial<NonNullable<Pod["status"]>>;
  metadata?: Partial<Pod["metadata"]>;
}

function pod({ name = "p1", main, init, status, metadata }: PodParts): Pod {
  const state = (container: string, of: ContainerState | undefined) =>
    of === undefined ? [] : [{ name: container, state: of, restartCount: 0, image: "i" }];
  return {
    metadata: { name, uid: name, creationTimestamp: at(2), ...metadata },
    status: {
      phase: "Pending",
      startTime: at(3),
      initContainerStatuses: state("code", init),
      containerStatuses: state("main", main),
      ...status,
    },
  };
}

const ended = (exitCode: number, more: object = {}): ContainerState => ({
  terminated: { exitCode, startedAt: at(10), finishedAt: at(20), ...more },
});

function judged(view: Partial<RunView>, of: RunFacts = facts(), now = NOW) {
  const derived = derive(of, { pods: [], events: [], ...view }, now);
  const last = derived.statuses.at(-1)!;
  return {
    ...derived,
    path: derived.statuses.map(({ status }) => status).join(" "),
    reason: last.reason,
    message: last.message,
  };
}

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

test("the last words of one that succeeded are its code reference, whole or by its digest", () => {
  const code = (message: string) =>
    judged({ job: job(), pods: [pod({ init: ended(0, { message }), main: { running: {} } })] }).code.get("code");
  expect(code('{"commit":"c","tree":"t","url":"u"}')).toEqual({ commit: "c", tree: "t", url: "u" });
  expect(code('{"commit":"c","tree":"t","digest":"sha256:d"}')).toMatchObject({ digest: "sha256:d", pod: "p1" });
  expect(code("not json")).toBeUndefined();
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
  expect(judged({ job: job(), pods: [never] }, facts(), Date.parse(at(10)))).toMatchObject({
    hopeless: false,
    reason: "Unschedulable",
  });
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
