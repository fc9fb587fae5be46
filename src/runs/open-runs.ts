import { join } from "node:path";
import { checkPlanFor, createExecutor, outlivesSupervisor, type Executor } from "../executors/index.ts";
import { BowlineError, isAlive, makePrivateFolder, ownIdentity, problemRecord } from "../lib/index.ts";
import { mountAgain } from "../git/index.ts";
import { adopt } from "./adopt.ts";
import { requestStop } from "./control.ts";
import { detach } from "./detach.ts";
import { readLogs } from "./logs/read-logs.ts";
import { lazyRuns } from "./lazy-runs.ts";
import { newPlaces, placesOf } from "./places.ts";
import type { RunRecord } from "./record.ts";
import { removeFolder } from "./remove-folder.ts";
import { planForRestart } from "./restart.ts";
import { ambiguousId, noObjects, notOver, notWaiting, runNotFound } from "./run-errors.ts";
import type {
  Attached,
  LogOptions,
  RestartOptions,
  RunDetails,
  Runs,
  RunsOptions,
  StartRequest,
  StopOptions,
} from "./runs.ts";
import { reserveSettlement } from "./settlement.ts";
import { openStore } from "./store/open-store.ts";
import type { RunStore, StoredRun } from "./store/store.ts";
import { supervise } from "./supervise.ts";
import { asSwept, sweepRuns, type Swept } from "./sweep.ts";
import { isFinal } from "./transitions.ts";
import { watchRun } from "./watch-run.ts";
import { defaultParts, type RunParts } from "./parts.ts";

/** Opens the runs of this user, or of the cluster that the config names; nothing is read or written before the first call. */
export function openRuns(options: RunsOptions, parts: RunParts = defaultParts(options)): Runs {
  const { home, executor } = options.config;
  if (executor.kind !== "kubernetes") return openLocalRuns(options, parts);
  return lazyRuns(
    () => newPlaces(home, "kubernetes"),
    async () => (await import("./cluster/open-cluster-runs.ts")).openClusterRuns(options, parts),
  );
}

/** Runs of this machine: their records are in its run store. */
function openLocalRuns(options: RunsOptions, parts: RunParts): Runs {
  const { home } = options.config;
  let opened: Promise<RunStore> | undefined;
  const store = (): Promise<RunStore> => (opened ??= openStore(join(home.data, "runs.db")));

  const adoptions = new Map<string, Promise<void>>();

  async function sweep(): Promise<Swept> {
    const opened = await store();
    await mountAgain(join(home.cache, "git"));
    return sweepRuns(opened, async (run) => {
      const { superviseCommand: command, env } = options;
      const { uuid } = run.record;
      // A library that gave no command leaves such a run to the next one who has it.
      if (command === undefined) return;
      const adoption = adoptions.get(uuid) ?? adopt(run, { store: opened, command, env });
      adoptions.set(uuid, adoption);
      await adoption.finally(() => adoptions.delete(uuid));
    });
  }

  async function find(id: string): Promise<StoredRun> {
    const swept = await sweep();
    const opened = await store();
    const [first, second] = await opened.uuidsLike(id.toLowerCase(), 2);
    if (first === undefined || id === "") {
      throw runNotFound(
        id,
        (await opened.list({ limit: 1000 })).filter(({ name }) => name === id),
      );
    }
    if (second !== undefined && first !== id) throw ambiguousId(id);
    const run = await opened.find(first);
    if (run === undefined) throw runNotFound(id);
    return { ...run, record: asSwept(run.record, swept) };
  }

  /** Everything that may refuse a run comes before its record is made. */
  async function create(request: StartRequest) {
    const { places, plan, restartOf } = request;
    const choice = request.executor ?? options.config.executor;
    const executor = await createExecutor(choice, { engine: parts.engine, config: options.config });
    const check = await checkPlanFor(choice.kind, plan, options.config);
    if (check.errors.length > 0) throw new BowlineError(check.errors);
    const kept = (await executor.ready?.()) ?? choice;
    await makePrivateFolder(places.folder);
    reserveSettlement(places.folder);
    const warnings = [...(request.warnings ?? []), ...check.warnings].map(problemRecord);
    const supervisor = ownIdentity();
    const record = await (await store()).create({ places, plan, executor: kept, supervisor, warnings, restartOf });
    return { executor, record };
  }

  async function carryOut(uuid: string, { executor, attached }: { executor?: Executor; attached: Attached }) {
    const opened = await store();
    const before = await opened.find(uuid);
    if (before === undefined) throw runNotFound(uuid);
    const its = executor ?? (await createExecutor(before.executor, { engine: parts.engine, config: options.config }));
    const resumed = await take(before, its);
    const run = (await opened.find(uuid)) ?? before;
    return supervise({
      ...{ run, resumed, executor: its },
      store: opened,
      secrets: parts.secrets,
      options,
      attached,
    });
  }

  /** Makes this process the supervisor; gives whether an earlier one had begun. */
  async function take({ record, supervisor, executor: { kind } }: StoredRun, executor: Executor): Promise<boolean> {
    const opened = await store();
    const { uuid } = record;
    if (await opened.takeOver(uuid, ownIdentity())) return false;
    if (isFinal(record.status) || !outlivesSupervisor(kind) || isAlive(supervisor) !== false) throw notWaiting(uuid);
    // Without the engine nothing of the run can be told: it stays as it is.
    await executor.ready?.();
    if (!(await opened.adopt(uuid, { gone: supervisor, now: ownIdentity() }))) throw notWaiting(uuid);
    return true;
  }

  async function start(request: StartRequest, attached: Attached = {}): Promise<RunRecord> {
    const { executor, record } = await create(request);
    attached.onEvent?.({ type: "created", record });
    return carryOut(record.uuid, { executor, attached });
  }

  async function startDetached(request: StartRequest, attached: Pick<Attached, "onEvent"> = {}): Promise<RunRecord> {
    const command = options.superviseCommand;
    if (command === undefined) throw new TypeError("a detached run needs options.superviseCommand");
    const { record } = await create(request);
    attached.onEvent?.({ type: "created", record });
    return detach({
      uuid: record.uuid,
      folder: request.places.folder,
      store: await store(),
      command,
      env: options.env,
    });
  }

  async function restart(id: string, { fresh, detached, ...attached }: RestartOptions = {}): Promise<RunRecord> {
    const run = await find(id);
    if (!isFinal(run.record.status)) throw notOver(run.record, "restarted");
    const places = newPlaces(home, run.executor.kind);
    const plan = planForRestart(run, places, fresh === undefined ? {} : { fresh });
    const request: StartRequest = { places, plan, executor: run.executor, restartOf: run.record.uuid };
    return detached === true ? startDetached(request, attached) : start(request, attached);
  }

  async function stop(id: string, request: StopOptions = {}): Promise<RunRecord> {
    const run = await find(id);
    if (isFinal(run.record.status)) return run.record;
    await requestStop(run.folder, request);
    let last = run.record;
    const watching = request.signal === undefined ? {} : { signal: request.signal };
    for await (const record of watchRun(async () => (await find(run.record.uuid)).record, watching)) last = record;
    return last;
  }

  async function* logs(id: string, logOptions: LogOptions = {}) {
    const { folder, record } = await find(id);
    yield* readLogs(folder, { ...logOptions, goesOn: async () => !isFinal((await find(record.uuid)).record.status) });
  }

  async function* watch(id: string, watching: { signal?: AbortSignal } = {}) {
    const { uuid } = (await find(id)).record;
    yield* watchRun(async () => (await find(uuid)).record, watching);
  }

  async function remove(id: string): Promise<RunRecord> {
    const { record, folder } = await find(id);
    if (!isFinal(record.status)) throw notOver(record, "deleted");
    await removeFolder(folder);
    await (await store()).remove(record.uuid);
    return record;
  }

  async function describe(id: string): Promise<RunDetails> {
    const { record, plan, folder, createdBy, supervisor, handle } = await find(id);
    return {
      record,
      plan,
      places: { ...placesOf(home, record), folder },
      ...(createdBy === undefined ? {} : { user: createdBy }),
      host: supervisor.host,
      supervisorPid: supervisor.pid,
      ...(handle === undefined ? {} : { handle }),
    };
  }

  return {
    prepare: (executor = options.config.executor.kind) => newPlaces(home, executor),
    start,
    startDetached,
    objects: async () => {
      throw noObjects();
    },
    supervise: (uuid, attached = {}) => carryOut(uuid, { attached }),
    async list(query = {}) {
      const swept = await sweep();
      return (await (await store()).list(query)).map((record) => asSwept(record, swept));
    },
    get: async (id) => (await find(id)).record,
    describe,
    logs,
    watch,
    stop,
    restart,
    delete: remove,
    async sweep() {
      const { lost, expired } = await sweep();
      return { lost, expired };
    },
    close: async () => (await opened)?.close(),
  };
}
