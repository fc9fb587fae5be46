import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutionContext, LogPosition } from "../executor.ts";
import type { DockerClient } from "./client/client.ts";
import { isGone, isStatus } from "./client/errors.ts";
import { readFrames } from "./client/frames.ts";

type Stream = "stdout" | "stderr";

export interface Follow {
  client: DockerClient;
  context: ExecutionContext;
  id: string;
  /** Name of the log. */
  log: string;
  /** Takes the standard output, which is then no log. */
  capture?: ((chunk: Buffer) => void) | undefined;
  /** Aborted when the container is over. */
  over: AbortSignal;
}

/** Wait before a broken reading is taken up again, in milliseconds. */
const PAUSE = 200;

/** How long a reading may go on after the end of its container, in milliseconds; all that is left is then read anew. */
const DRAIN = 2_000;

/**
 * Hands on what a container writes, from where its log was left, until it is over and all was read. The engine's own log has every line
 * with its time; a reading that breaks is taken up at the last one, so that none is lost and none comes twice.
 */
export async function followLogs({ client, context, id, log, capture, over }: Follow): Promise<void> {
  const reached = new Map<Stream, LogPosition>();
  for (const stream of ["stdout", "stderr"] as const) {
    const position = await context.resumed?.logged(log, stream);
    if (position !== undefined) reached.set(stream, position);
  }
  for (;;) {
    // Asked first: what was written before the end is then surely read.
    const last = over.aborted;
    try {
      await readOnce({ client, context, id, log, capture, reached, over });
    } catch (error) {
      if (isStatus(error, 404) || isStatus(error, 409)) return;
      if (!isGone(error)) throw error;
    }
    if (last) return;
    // Rejects when the container is over meanwhile, which the loop then sees.
    await sleep(PAUSE, undefined, { signal: over }).catch(() => {});
  }
}

interface Reading extends Follow {
  reached: Map<Stream, LogPosition>;
}

async function readOnce({ client, context, id, log, capture, reached, over }: Reading): Promise<void> {
  const answer = await client.open("GET", `/containers/${id}/logs`, {
    query: { stdout: 1, stderr: 1, timestamps: 1, follow: over.aborted ? 0 : 1, since: sinceOf(reached) },
  });
  // Lines of one time are told apart by their number; those that are kept already come again and are counted.
  const seen = new Map<Stream, LogPosition>();
  let clock: NodeJS.Timeout | undefined;
  const drain = (): void => void (clock = setTimeout(() => answer.destroy(), DRAIN));
  if (!over.aborted) over.addEventListener("abort", drain, { once: true });
  try {
    for await (const { stream, content } of readFrames(answer)) {
      const space = content.indexOf(0x20);
      const time = content.toString("latin1", 0, space);
      const before = seen.get(stream);
      const position = { time, count: before?.time === time ? before.count + 1 : 1 };
      seen.set(stream, position);
      if (!isLater(position, reached.get(stream))) continue;
      reached.set(stream, position);
      if (stream === "stdout" && capture !== undefined) capture(content.subarray(space + 1));
      else context.output(log, stream, content.subarray(space + 1), position);
    }
  } finally {
    clearTimeout(clock);
    over.removeEventListener("abort", drain);
    answer.destroy();
  }
}

function isLater({ time, count }: LogPosition, than: LogPosition | undefined): boolean {
  if (than === undefined) return true;
  const order = compareTimes(time, than.time);
  return order > 0 || (order === 0 && count > than.count);
}

function compareTimes(one: string, other: string): number {
  const [first, second] = [sortable(one), sortable(other)];
  return first < second ? -1 : first > second ? 1 : 0;
}

/** RFC 3339 in UTC has as many digits as it needs: `…05Z` is before `…05.1Z`. */
function sortable(time: string): string {
  const [seconds = "", fraction = ""] = time.replace("Z", "").split(".");
  return `${seconds}.${fraction.padEnd(9, "0")}`;
}

/** Seconds and nanoseconds of the earlier of both streams; the engine takes lines from then on. */
function sinceOf(reached: ReadonlyMap<Stream, LogPosition>): string | undefined {
  const times = [...reached.values()].map(({ time }) => time).sort(compareTimes);
  if (reached.size < 2) return undefined;
  const [first = ""] = times;
  const [, fraction = "0"] = /\.(\d+)/.exec(first) ?? [];
  return `${Math.floor(Date.parse(first) / 1000)}.${fraction.padEnd(9, "0")}`;
}
