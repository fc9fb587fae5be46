import type { Plan } from "../../compile/index.ts";
import type { CodeReference } from "../../git/index.ts";
import { parseJson } from "../../lib/index.ts";
import type { Cluster } from "./cluster.ts";
import type { ContainerStatus, Pod } from "./api/objects.ts";
import { readPodLog, type PodLogLine } from "./api/pod-log.ts";
import type { PartialReference } from "./derive/view.ts";
import { hasStarted, statusesOf } from "./derive/pods.ts";
import { leftName } from "./manifests/left-code.ts";
import { logNames } from "./manifests/names.ts";

/** One start of one container, whose output is one piece of a log. */
export interface LogPiece {
  pod: string;
  container: string;
  /** `main`, `init/<name>`, `sidecar/<name>`. */
  log: string;
  /** Counts the container's starts in this pod. */
  restart: number;
  /** An earlier start, of which the cluster keeps the last only. */
  previous: boolean;
}

/** The pieces of these pods' logs that there are now; what our own containers say to us is not among them. */
export function logPieces(pods: readonly Pod[], plan: Plan): LogPiece[] {
  const names = logNames(plan);
  return pods.flatMap((pod) =>
    statusesOf(pod).flatMap((status): LogPiece[] => {
      const log = names[status.name];
      if (log === undefined || !hasStarted(status)) return [];
      const piece = { pod: pod.metadata.name, container: status.name, log };
      const now = { ...piece, restart: status.restartCount, previous: false };
      // While it waits to be started again, the last start is the one that is counted already.
      const last = status.restartCount - (status.state?.waiting === undefined ? 1 : 0);
      const before = { ...piece, restart: last, previous: true };
      return [...(status.lastState?.terminated === undefined ? [] : [before]), ...(runs(status) ? [now] : [])];
    }),
  );
}

/** The lines of a piece. Of our initializer's log without its result, which is told as the code reference. */
export async function* pieceLines(
  { api, namespace }: Cluster,
  piece: LogPiece,
  options: { plan: Plan; follow?: boolean; ended?: () => boolean; since?: Date; signal?: AbortSignal },
): AsyncGenerator<PodLogLine> {
  const { plan, ...more } = options;
  const own = plan.init.some(
    ({ name, ...step }) => name === piece.container && step.kind === "git" && step.handler === undefined,
  );
  for await (const line of readPodLog(api, { namespace, ...piece, ...more })) {
    if (!own || !RESULT.test(line.text.subarray(0, 40).toString())) yield line;
  }
}

const RESULT = /^\{"(connection|url|errors|apiVersion)"/;

/** The whole code reference, from the log of the init container whose last words had no room for it. */
export async function wholeReference(
  { api, namespace }: Cluster,
  { step, part, plan }: { step: string; part: PartialReference; plan: Plan },
): Promise<CodeReference | undefined> {
  const index = plan.init.findIndex(({ name }) => name === step);
  const found = plan.init[index];
  const container = found?.kind === "git" && found.handler !== undefined ? leftName(index) : step;
  for await (const { text } of readPodLog(api, { namespace, pod: part.pod, container })) {
    if (text.length < 100 || text[0] !== 0x7b) continue;
    const reference = parseJson<CodeReference>(text.toString());
    if (reference?.commit === part.commit && reference.tree === part.tree) return reference;
  }
  return undefined;
}

function runs({ state }: ContainerStatus): boolean {
  return state?.running !== undefined || state?.terminated?.startedAt !== undefined;
}
