import { BowlineError, problemRecord } from "../../lib/index.ts";
import type { CodeReference } from "../../git/index.ts";
import type { RunCode, RunRecord } from "../record.ts";
import type { Attached } from "../runs.ts";
import { followRun } from "./follow.ts";
import { createJudge } from "./judge.ts";
import { followLogs } from "./logs.ts";
import { masksOf } from "./masks.ts";
import { recordOf, type ClusterEnd } from "./record.ts";
import { statusNow, type NewRun, type Starting } from "./start.ts";

/** Stays with a run of the cluster to its end: tells what happens, and asks for its end when `stop` or `kill` is aborted. */
export async function attendRun({ run, warn }: NewRun, attached: Attached, starting: Starting): Promise<RunRecord> {
  const { session, options } = starting;
  const { kubernetes, cluster, records } = session;
  const tell = attached.onEvent ?? (() => {});
  const redactor = await masksOf(run.plan, { session, config: options.config });
  const judge = createJudge(session, redactor);
  const logs = followLogs(run, { session, redactor, onLine: (line) => tell({ type: "log", line }) });
  const warned = new Set<string>();
  const unwarn = session.onWarning((warning) => {
    if (!warned.has(warning.code)) warn(warning);
    warned.add(warning.code);
  });
  const { views, release } = await session.views().catch((error: unknown) => {
    unwarn();
    throw error;
  });

  function end(kill: boolean): void {
    run.stopAt ??= new Date().toISOString();
    const request = { uuid: run.uuid, object: run.run.object, kind: run.run.kind, kill };
    void records
      .stop(run.uuid, run.stopAt)
      .then(() => kubernetes.stopRun(cluster, request))
      .catch((error: unknown) => {
        if (error instanceof BowlineError) warn(error.problems[0]);
      });
  }
  onceAborted(attached.stop, () => end(false));
  onceAborted(attached.kill, () => end(true));

  let last: RunRecord | undefined;
  try {
    const onView = (view: Parameters<typeof logs.update>[0]): void => logs.update(view);
    for await (const record of followRun(run, { views, judge, onView, readRecord: kubernetes.readRecord })) {
      tellChanges(record, last, tell);
      last = record;
    }
    await logs.drained();
    return last!;
  } finally {
    unwarn();
    logs.close();
    release();
  }
}

/** Ends a run that never got objects in the cluster. */
export async function settleUnstarted(
  { run }: NewRun,
  error: unknown,
  attached: Attached,
  starting: Starting,
): Promise<RunRecord> {
  const { session } = starting;
  const stopped = attached.stop?.aborted === true || attached.kill?.aborted === true;
  const known = error instanceof BowlineError ? error : undefined;
  if (!stopped && known === undefined) throw error;
  const at = new Date().toISOString();
  const change = stopped
    ? { status: "stopped" as const, at, reason: "Stopped", message: "the run was stopped" }
    : { status: "failed" as const, at, reason: known!.code, message: known!.message };
  const begun = statusNow(run, { session });
  const end: ClusterEnd = {
    warnings: run.run.warnings,
    ...begun,
    statuses: [...begun.statuses, change],
    errors: stopped ? [] : known!.problems.map(problemRecord),
  };
  await session.records.settle(run.uuid, end).catch(() => {});
  await session.kubernetes
    .removeWorkload(session.cluster, { uuid: run.uuid, object: run.run.object, kind: run.run.kind })
    .catch(() => {});
  const record = recordOf(run, end);
  attached.onEvent?.({ type: "status", change });
  return record;
}

function onceAborted(signal: AbortSignal | undefined, act: () => void): void {
  if (signal?.aborted) act();
  else signal?.addEventListener("abort", act, { once: true });
}

function tellChanges(record: RunRecord, before: RunRecord | undefined, tell: NonNullable<Attached["onEvent"]>): void {
  const known = before?.statuses ?? record.statuses.slice(0, 2);
  record.statuses.forEach((change, index) => {
    const same = known[index];
    if (same?.status !== change.status || same.reason !== change.reason || same.message !== change.message)
      tell({ type: "status", change });
  });
  for (const code of record.codeReferences) {
    if (!isWhole(code)) continue;
    const told = before?.codeReferences.some((each) => isWhole(each) && each.path === code.path);
    if (!told) tell({ type: "code-reference", step: code.connection ?? code.path, reference: code });
  }
}

/** The commit is not only pinned, but in its place. */
function isWhole(code: RunCode): code is CodeReference {
  return code.tree !== undefined;
}
