import { hostname, userInfo } from "node:os";
import { checkPlanFor, type GitEngine } from "../../executors/index.ts";
import { BowlineError, problemRecord, type Problem } from "../../lib/index.ts";
import type { RunsOptions, StartRequest, Attached } from "../runs.ts";
import { endOf, recordOf, type ClusterRun, type StoredRun } from "./record.ts";
import { readableSecrets } from "./secret-keys.ts";
import { checkTrust, lending, type ClusterSession } from "./session.ts";

export interface Starting {
  session: ClusterSession;
  options: RunsOptions;
  engine: Pick<GitEngine, "resolve">;
}

/** A run whose record is in the cluster, and nothing else of it yet. */
export interface NewRun {
  run: StoredRun;
  warn: (warning: Problem) => void;
}

/** Makes the record; everything that may refuse a run comes before. */
export async function createRun(request: StartRequest, attached: Attached, starting: Starting): Promise<NewRun> {
  const { session, options } = starting;
  const run = await checkedRun(request, starting);
  run.uid = await session.records.write(manifests(run, { session, options }).record);
  const { namespace } = session.cluster;
  attached.onEvent?.({ type: "created", record: recordOf(run, statusNow(run, { session })), namespace });
  return {
    run,
    warn(warning) {
      run.run.warnings.push(problemRecord(warning));
      attached.onEvent?.({ type: "warning", warning });
    },
  };
}

/** The objects that the run would have, pinned; nothing is made but, where it is needed, the pod that pins. */
export async function objectsOf(request: StartRequest, starting: Starting): Promise<object[]> {
  const { session, options } = starting;
  const run = await checkedRun(request, starting);
  await pin({ run, warn: () => {} }, {}, starting);
  const { record, workloads } = manifests(run, { session, options });
  return [record, ...workloads];
}

async function checkedRun(
  { places, plan, warnings = [], restartOf }: StartRequest,
  { session, options }: Starting,
): Promise<StoredRun> {
  const check = await checkPlanFor("kubernetes", plan, options.config);
  if (check.errors.length > 0) throw new BowlineError(check.errors);
  checkTrust(plan, options.config);
  const facts: ClusterRun = {
    apiVersion: "bowline/v1",
    name: plan.name,
    kind: plan.kind,
    object: session.kubernetes.objectName(plan, places.uuid),
    createdAt: places.createdAt,
    user: userName(),
    host: hostname(),
    warnings: [...warnings, ...check.warnings].map(problemRecord),
    ...(restartOf === undefined ? {} : { restartOf }),
  };
  return { uuid: places.uuid, run: facts, plan, uid: "", createdAt: places.createdAt };
}

/** Pins the revisions, then makes the run's objects, which its record owns. */
export async function pinAndApply(made: NewRun, attached: Attached, starting: Starting): Promise<void> {
  const { session, options } = starting;
  const { kubernetes, cluster, records } = session;
  const { run } = made;
  await pin(made, attached, starting);
  if (attached.stop?.aborted || attached.kill?.aborted) return;
  run.run.queuedAt = new Date().toISOString();
  const objects = manifests(run, { session, options });
  run.uid = await records.write(objects.record);
  const owned = kubernetes.ownedBy(objects.workloads, { name: objects.record.metadata.name, uid: run.uid });
  for (const object of owned) await cluster.api.apply(kubernetes.pathOf(object), object);
}

async function pin({ run, warn }: NewRun, attached: Attached, { session, options, engine }: Starting): Promise<void> {
  const { kubernetes, cluster } = session;
  const never = new AbortController().signal;
  const { stop = never, kill = never, onEvent = () => {} } = attached;
  const pinned = await kubernetes.pinInCluster(run.plan, {
    cluster,
    engine,
    recordUid: run.uid || undefined,
    context: {
      uuid: run.uuid,
      config: lending(options.config),
      findCredentialFor: session.source.findCredentialFor,
      stop,
      kill,
      onEvent(event) {
        if (event.type === "warning") warn(event.warning);
        else if (event.type === "git" && event.event.phase === "warning") warn(event.event.problem);
        else if (event.type === "git") onEvent(event);
      },
    },
  });
  run.plan = pinned.plan;
  const readable = await readableSecrets(run.plan, { session, config: lending(options.config) });
  for (const warning of readable.warnings) warn(warning);
  const keys = { ...run.run.secretKeys, ...Object.fromEntries(pinned.secretKeys), ...readable.keys };
  if (Object.keys(keys).length > 0) run.run.secretKeys = keys;
}

/** The objects of a run. */
export function manifests(
  { uuid, plan, run }: Pick<StoredRun, "uuid" | "plan" | "run">,
  { session, options }: Pick<Starting, "session" | "options">,
) {
  return session.kubernetes.manifestsOf({
    plan,
    config: lending(options.config),
    uuid,
    namespace: session.cluster.namespace,
    run,
    secretKeys: new Map(Object.entries(run.secretKeys ?? {})),
  });
}

/** What is known of a run that has no objects yet. */
export function statusNow({ uuid, run, plan }: StoredRun, { session }: Pick<Starting, "session">) {
  const { createdAt, queuedAt, object } = run;
  return endOf(
    session.kubernetes.derive(
      { uuid, createdAt, queuedAt, object, plan },
      { pods: [], events: [] },
      Date.parse(createdAt),
    ),
    [],
  );
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "");
  }
}
