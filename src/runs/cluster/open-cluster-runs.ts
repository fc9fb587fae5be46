import type { Plan } from "../../compile/index.ts";
import { mapTexts } from "../../lib/index.ts";
import type { RunRecord } from "../record.ts";
import { newPlaces, placesOf } from "../places.ts";
import { withoutPins } from "../restart.ts";
import { ambiguousId, notOver, runNotFound } from "../run-errors.ts";
import type {
  Attached,
  LogLine,
  LogOptions,
  RestartOptions,
  RunDetails,
  Runs,
  RunsOptions,
  StartRequest,
  StopOptions,
} from "../runs.ts";
import { isFinal } from "../transitions.ts";
import type { RunParts } from "../parts.ts";
import { attendRun, settleUnstarted } from "./attend.ts";
import { followRun } from "./follow.ts";
import { createJudge } from "./judge.ts";
import { createQueue } from "./queue.ts";
import { followLogs, readAllLogs } from "./logs.ts";
import { masksOf } from "./masks.ts";
import { recordOf, type StoredRun } from "./record.ts";
import { openSession, type ClusterSession } from "./session.ts";
import { createRun, objectsOf, pinAndApply, type Starting } from "./start.ts";

/** Opens the runs of a namespace: their records are in the cluster, so that everybody who may read them sees the same. Nothing is asked before the first call. */
export function openClusterRuns(options: RunsOptions, parts: Pick<RunParts, "engine">): Runs {
  const { config } = options;
  const { home } = config;
  let opened: Promise<ClusterSession> | undefined;
  const open = (): Promise<ClusterSession> => (opened ??= openSession(options));
  const starting = async (): Promise<Starting> => ({ session: await open(), options, engine: parts.engine });

  async function find(id: string): Promise<StoredRun> {
    const { records } = await open();
    const asked = id.toLowerCase();
    if (asked === "") throw runNotFound(id);
    const exact = /^[0-9a-f-]{36}$/.test(asked) ? await records.find(asked) : undefined;
    if (exact !== undefined) return exact;
    const [first, second] = (await records.list()).filter(({ uuid }) => uuid.startsWith(asked));
    if (first === undefined) throw runNotFound(id);
    if (second !== undefined) throw ambiguousId(id);
    return first;
  }

  /** As it stands now. */
  async function look(run: StoredRun): Promise<RunRecord> {
    const session = await open();
    const { kubernetes, cluster } = session;
    if (run.end !== undefined) return recordOf(run, run.end);
    const key = { uuid: run.uuid, object: run.run.object };
    const viewOf = await kubernetes.listViews(cluster, [key]);
    return (await createJudge(session).look(run, viewOf(key))).record;
  }

  async function launch(request: StartRequest, attached: Attached, stay: boolean): Promise<RunRecord> {
    const tools = await starting();
    const made = await createRun(request, attached, tools);
    try {
      await pinAndApply(made, attached, tools);
      if (attached.stop?.aborted || attached.kill?.aborted)
        return await settleUnstarted(made, undefined, attached, tools);
    } catch (error) {
      return settleUnstarted(made, error, attached, tools);
    }
    return stay ? attendRun(made, attached, tools) : look(made.run);
  }

  async function* watch(id: string, { signal }: { signal?: AbortSignal } = {}): AsyncGenerator<RunRecord> {
    const run = await find(id);
    const session = await open();
    if (run.end !== undefined) return yield recordOf(run, run.end);
    const { views, release } = await session.views();
    try {
      yield* followRun(run, { views, judge: createJudge(session), signal, readRecord: session.kubernetes.readRecord });
    } finally {
      release();
    }
  }

  async function* logs(id: string, query: LogOptions = {}): AsyncGenerator<LogLine> {
    const run = await find(id);
    const session = await open();
    const { kubernetes, cluster } = session;
    const redactor = await masksOf(run.plan, { session, config });
    const key = { uuid: run.uuid, object: run.run.object };
    if (!query.follow || run.end !== undefined) {
      const viewOf = await kubernetes.listViews(cluster, [key]);
      return yield* readAllLogs(run, viewOf(key), { session, redactor, options: query });
    }
    const { container, since, tail, signal } = query;
    if (tail !== undefined) {
      const viewOf = await kubernetes.listViews(cluster, [key]);
      yield* readAllLogs(run, viewOf(key), { session, redactor, options: query });
    }
    const from = tail === undefined ? since : new Date();
    const queue = createQueue<LogLine>();
    const wants = (log: string): boolean => container === undefined || log === container;
    const follower = followLogs(run, { session, redactor, wants, since: from, onLine: queue.push });
    const { views, release } = await session.views();
    const end = (): void => queue.end();
    signal?.addEventListener("abort", end, { once: true });
    void (async () => {
      const judge = createJudge(session);
      for await (const _ of followRun(run, {
        views,
        judge,
        signal,
        readRecord: kubernetes.readRecord,
        onView: (view) => follower.update(view),
      }));
      await follower.drained();
    })().then(end, queue.fail);
    try {
      yield* queue.items();
    } finally {
      follower.close();
      release();
    }
  }

  async function stop(id: string, { kill = false, signal }: StopOptions = {}): Promise<RunRecord> {
    const run = await find(id);
    const before = await look(run);
    if (isFinal(before.status)) return before;
    const { kubernetes, cluster, records } = await open();
    await records.stop(run.uuid, run.stopAt ?? new Date().toISOString());
    await kubernetes.stopRun(cluster, { uuid: run.uuid, object: run.run.object, kind: run.run.kind, kill });
    let last = before;
    for await (const record of watch(run.uuid, signal === undefined ? {} : { signal })) last = record;
    return last;
  }

  async function restart(
    id: string,
    { fresh = false, detached = false, ...attached }: RestartOptions = {},
  ): Promise<RunRecord> {
    const run = await find(id);
    const record = await look(run);
    if (!isFinal(record.status)) throw notOver(record, "restarted");
    const places = newPlaces(home, "kubernetes");
    const plan = mapTexts(run.plan, (text) => text.replaceAll(run.uuid, places.uuid)) as Plan;
    const request = { places, plan: fresh ? withoutPins(plan) : plan, restartOf: run.uuid };
    return launch(request, attached, !detached);
  }

  async function remove(id: string): Promise<RunRecord> {
    const run = await find(id);
    const record = await look(run);
    if (!isFinal(record.status)) throw notOver(record, "deleted");
    const { records } = await open();
    await records.remove(run.uuid);
    return record;
  }

  async function describe(id: string): Promise<RunDetails> {
    const run = await find(id);
    const record = await look(run);
    const { cluster } = await open();
    return {
      record,
      plan: run.plan,
      places: placesOf(home, { uuid: run.uuid, createdAt: run.run.createdAt, executor: "kubernetes" }),
      user: run.run.user,
      host: run.run.host,
      handle: { context: cluster.api.access.context, namespace: cluster.namespace, object: run.run.object },
    };
  }

  return {
    prepare: () => newPlaces(home, "kubernetes"),
    start: (request, attached = {}) => launch(request, attached, true),
    startDetached: (request, attached = {}) => launch(request, attached, false),
    objects: async (request) => objectsOf(request, await starting()),
    // A run of a cluster has no supervisor of ours; whoever would be one may only look on.
    async supervise(uuid, attached = {}) {
      const { signal } = anySignal(attached);
      let last = await look(await find(uuid));
      for await (const record of watch(uuid, { signal })) last = record;
      return last;
    },
    async list({ limit = 50, statuses, before, prefix } = {}) {
      const session = await open();
      const { kubernetes, cluster, records } = session;
      const order = ({ uuid, run }: StoredRun): string => `${run.createdAt} ${uuid}`;
      const bound = before === undefined ? undefined : `${before.createdAt} ${before.uuid}`;
      const stored = (await records.list())
        .filter(
          (run) => (prefix === undefined || run.uuid.startsWith(prefix)) && (bound === undefined || order(run) < bound),
        )
        .toSorted((one, other) => (order(one) < order(other) ? 1 : -1));
      // Without a choice of statuses only what is shown has to be looked at.
      const chosen = statuses === undefined ? stored.slice(0, limit) : stored;
      const unfinished = chosen
        .filter(({ end }) => end === undefined)
        .map(({ uuid, run }) => ({ uuid, object: run.object }));
      const viewOf = await kubernetes.listViews(cluster, unfinished);
      const judge = createJudge(session);
      const found: RunRecord[] = [];
      for (const run of chosen) {
        const { record } = await judge.look(run, viewOf({ uuid: run.uuid, object: run.run.object }), { whole: false });
        if (statuses === undefined || statuses.includes(record.status)) found.push(record);
        if (found.length >= limit) break;
      }
      return found;
    },
    get: async (id) => look(await find(id)),
    describe,
    logs,
    watch,
    stop,
    restart,
    delete: remove,
    sweep: async () => ({ lost: [], expired: [] }),
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}

function anySignal({ stop, kill }: Attached): { signal: AbortSignal } {
  return { signal: AbortSignal.any([stop, kill].filter((signal) => signal !== undefined)) };
}
