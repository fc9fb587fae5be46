import type { Plan } from "../../../src/compile/index.ts";
import type { ContainerState, Job, Pod } from "../../../src/executors/kubernetes/api/objects.ts";
import { derive } from "../../../src/executors/kubernetes/derive/derive.ts";
import type { RunFacts, RunView } from "../../../src/executors/kubernetes/derive/view.ts";
import { planOf } from "../../runs/plans.ts";

export const UUID = "0b6c1b1e-6f0e-4b62-9d3c-2f4e0d7a9c11";
export const NOW = Date.parse("2026-11-23T08:01:00Z");
/** A time of the cluster, in seconds from the start. */
export const at = (second: number): string =>
  new Date(Date.parse("2026-11-23T08:00:00Z") + second * 1000).toISOString();

/** A job with one git step, "code". */
export function facts(change: Partial<Plan> = {}): RunFacts {
  const rest: Partial<Plan> = {
    name: "train",
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
  };
  const plan = planOf({ image: "i" }, { ...rest, ...change });
  return { uuid: UUID, createdAt: at(0), object: `train-${UUID}`, plan };
}

export function job(conditions: { type: string; reason?: string; message?: string; at?: string }[] = []): Job {
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

export function pod({ name = "p1", main, init, status, metadata }: PodParts): Pod {
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

export const ended = (exitCode: number, more: object = {}): ContainerState => ({
  terminated: { exitCode, startedAt: at(10), finishedAt: at(20), ...more },
});

/** What `derive` makes of it; `path` are the statuses in order. */
export function judged(view: Partial<RunView>, of: RunFacts = facts(), now = NOW) {
  const derived = derive(of, { pods: [], events: [], ...view }, now);
  const last = derived.statuses.at(-1)!;
  return {
    ...derived,
    path: derived.statuses.map(({ status }) => status).join(" "),
    reason: last.reason,
    message: last.message,
  };
}
