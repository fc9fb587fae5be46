import type { LogPiece, RunView } from "../../executors/index.ts";
import type { Redactor } from "../../lib/index.ts";
import type { LogLine, LogOptions } from "../runs.ts";
import type { StoredRun } from "./record.ts";
import type { ClusterSession } from "./session.ts";

/** How long lines may still come after the run is over, in milliseconds. */
const LAST_LINES = 10_000;

/** Follows the logs of a run's containers, each start of each once, as they come to be. */
export interface LogFollower {
  /** Begins with what there is new in this view. */
  update: (view: RunView) => void;
  /** Resolves when every log that was begun has ended. */
  drained: () => Promise<void>;
  close: () => void;
}

export function followLogs(
  run: StoredRun,
  {
    session,
    redactor,
    onLine,
    wants = () => true,
    since,
  }: {
    session: ClusterSession;
    redactor: Redactor;
    onLine: (line: LogLine) => void;
    wants?: (log: string) => boolean;
    since?: Date | undefined;
  },
): LogFollower {
  const { kubernetes, cluster } = session;
  const { plan } = run;
  const begun = new Map<string, Promise<void>>();
  const closing = new AbortController();
  const { signal } = closing;
  let latest: RunView | undefined;

  /** Whether this start of the container is over, by the last view: only then the end of its log is its end. */
  function ended(piece: LogPiece): boolean {
    const now = kubernetes.logPieces(latest?.pods ?? [], plan);
    const same = now.find(
      (each) => each.pod === piece.pod && each.container === piece.container && each.restart === piece.restart,
    );
    if (same === undefined || same.previous) return true;
    const pod = latest?.pods.find(({ metadata }) => metadata.name === piece.pod);
    const statuses = [...(pod?.status?.initContainerStatuses ?? []), ...(pod?.status?.containerStatuses ?? [])];
    return statuses.find(({ name }) => name === piece.container)?.state?.terminated !== undefined;
  }

  async function read(piece: LogPiece): Promise<void> {
    const options = {
      plan,
      follow: !piece.previous,
      ended: () => ended(piece),
      signal,
      ...(since === undefined ? {} : { since }),
    };
    try {
      for await (const line of kubernetes.pieceLines(cluster, piece, options))
        onLine(logLine(piece.log, line, redactor));
    } catch (error) {
      if (!signal.aborted) onLine(ownLine(piece.log, `the log could not be read on: ${(error as Error).message}`));
    }
  }

  return {
    update(view) {
      latest = view;
      for (const piece of kubernetes.logPieces(kubernetes.inOrder(view.pods), plan)) {
        const key = `${piece.pod} ${piece.container} ${piece.restart}`;
        if (!begun.has(key) && wants(piece.log)) begun.set(key, read(piece));
      }
    },
    async drained() {
      const clock = setTimeout(() => closing.abort(), LAST_LINES);
      await Promise.all(begun.values());
      clearTimeout(clock);
    },
    close: () => closing.abort(),
  };
}

/** Everything that there is, oldest first. */
export async function* readAllLogs(
  run: StoredRun,
  view: RunView,
  { session, redactor, options }: { session: ClusterSession; redactor: Redactor; options: LogOptions },
): AsyncGenerator<LogLine> {
  const { kubernetes, cluster } = session;
  const { container, since, tail, signal } = options;
  const lines: LogLine[] = [];
  const pieces = kubernetes.logPieces(kubernetes.inOrder(view.pods), run.plan);
  const asked = {
    plan: run.plan,
    ...(since === undefined ? {} : { since }),
    ...(signal === undefined ? {} : { signal }),
  };
  for (const piece of pieces) {
    if (container !== undefined && piece.log !== container) continue;
    for await (const line of kubernetes.pieceLines(cluster, piece, asked))
      lines.push(logLine(piece.log, line, redactor));
  }
  if (pieces.length === 0 && (run.end?.logs.length ?? 0) > 0) {
    const log = container ?? "main";
    lines.push(ownLine(log, "the pods of the run are gone from the cluster, and their logs with them"));
  }
  // One container's lines stay as they are; several are one story.
  if (container === undefined) lines.sort((one, other) => (one.time < other.time ? -1 : one.time > other.time ? 1 : 0));
  yield* tail === undefined ? lines : lines.slice(Math.max(0, lines.length - tail));
}

function logLine(
  container: string,
  { time, text, partial }: { time: string; text: Buffer; partial?: true },
  redactor: Redactor,
): LogLine {
  const stream = redactor.stream();
  const masked = Buffer.concat([stream.push(text), stream.end()]);
  const shown = masked.toString();
  return {
    container,
    stream: "stdout",
    time: new Date(time).toISOString(),
    text: shown,
    ...(shown.includes("\uFFFD") ? { bytes: masked } : {}),
    ...(partial === undefined ? {} : { partial }),
  };
}

function ownLine(container: string, text: string): LogLine {
  return { container, stream: "bowline", time: new Date().toISOString(), text };
}
