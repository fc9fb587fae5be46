import { setTimeout as sleep } from "node:timers/promises";
import { BowlineError } from "../../../lib/index.ts";
import type { KubeApi } from "./kube-api.ts";
import { statusOf } from "./kube-errors.ts";
import { linesOf } from "./lines.ts";

/** One line of a container's log. The cluster does not keep apart what was written to stdout and to stderr. */
export interface PodLogLine {
  /** When the container runtime read it: RFC 3339 with nanoseconds. */
  time: string;
  text: Buffer;
  /** The container ended within this line. */
  partial?: true;
}

export interface PodLogRequest {
  namespace: string;
  pod: string;
  container: string;
  /** The instance before the last restart. */
  previous?: boolean;
  since?: Date;
  /** Stay until the container has ended. */
  follow?: boolean;
  /** Whether the container's instance has ended, as far as is known; asked when the log ends. */
  ended?: () => boolean;
  signal?: AbortSignal;
}

const WAIT = 300;

/**
 * The log of a container. Over a connection that breaks, it goes on where it was: it asks again from a little before the last line (the
 * cluster counts in seconds) and passes over what it gave already. Ends early, without an error, when the pod is gone.
 */
export async function* readPodLog(api: KubeApi, request: PodLogRequest): AsyncGenerator<PodLogLine> {
  const { namespace, pod, container, previous, follow = false, ended = () => true } = request;
  const signal = request.signal ?? new AbortController().signal;
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log`;
  const given = createGivenLines();
  for (;;) {
    const endedBefore = !follow || ended();
    const repeated = given.repeated();
    const since = given.since() ?? request.since?.toISOString();
    const query = { container, previous: previous || undefined, follow: follow || undefined, timestamps: true };
    let whole = true;
    try {
      const answer = await api.stream(path, { ...query, sinceTime: since }, signal);
      for await (const { line, whole: complete } of linesOf(answer)) {
        const entry = splitTime(line);
        // The kubelet's own word in the place of a log that it has removed.
        if (entry === undefined) continue;
        // A piece is only known to be the last of the container when the answer then ends as it should.
        if (!complete) {
          if (!answer.complete || !endedBefore) break;
          if (!repeated(entry.time)) yield { ...entry, partial: true };
        } else if (!repeated(entry.time)) {
          given.add(entry.time);
          yield entry;
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      const status = statusOf(error)?.code;
      if (status === 404) return;
      // 400: the container has not started, or was removed meanwhile.
      if (status === 400 && endedBefore) return;
      if (error instanceof BowlineError && status !== 400) throw error;
      whole = false;
    }
    if (whole && endedBefore) return;
    await sleep(WAIT, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
  }
}

/** Lines of the last seconds, by their times; two lines may have the same. */
function createGivenLines() {
  const counts = new Map<string, number>();
  let last = "";
  let adds = 0;
  return {
    add(time: string): void {
      counts.set(time, (counts.get(time) ?? 0) + 1);
      if (time > last) last = time;
      if (++adds % 1_000 === 0) {
        // By the instant, as nodes write the times of their own zones.
        const edge = Date.parse(last) - 5_000;
        for (const each of counts.keys()) if (Date.parse(each) < edge) counts.delete(each);
      }
    },
    since: (): string | undefined =>
      last === "" ? undefined : `${new Date(Date.parse(last) - 1_000).toISOString().slice(0, 19)}Z`,
    /** Whether a line of this time was given before this connection, each as often as it was. */
    repeated(): (time: string) => boolean {
      const left = new Map(counts);
      return (time) => {
        const count = left.get(time) ?? 0;
        if (count > 0) left.set(time, count - 1);
        return count > 0;
      };
    },
  };
}

function splitTime(line: Buffer): { time: string; text: Buffer } | undefined {
  const space = line.indexOf(0x20);
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(line.subarray(0, Math.max(0, space)).toString()))
    return undefined;
  return { time: line.subarray(0, space).toString(), text: line.subarray(space + 1) };
}
