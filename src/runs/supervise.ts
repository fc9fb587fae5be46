import type { Plan } from "../compile/index.ts";
import type { Executor, ExecutionContext, ExecutionEvent, Outcome, Resumed } from "../executors/index.ts";
import {
  BowlineError,
  createRedactor,
  machineError,
  problemRecord,
  proxyPasswords,
  type Problem,
  type ProblemRecord,
} from "../lib/index.ts";
import { watchControl } from "./control.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { openJournal } from "./journal.ts";
import { lastPosition } from "./logs/log-position.ts";
import { openLogWriter } from "./logs/log-writer.ts";
import { pinnedCode } from "./pinned-code.ts";
import type { RunCode, RunRecord, StatusChange } from "./record.ts";
import type { Attached, RunsOptions } from "./runs.ts";
import { maskedSecrets, type SecretSource } from "./secret-access.ts";
import { settledRecord } from "./settlement.ts";
import type { RunStore, RunUpdate, StoredRun } from "./store/store.ts";

export interface Supervision {
  run: StoredRun;
  executor: Executor;
  store: RunStore;
  secrets: SecretSource;
  options: RunsOptions;
  attached: Attached;
  /** An earlier supervisor had begun it. */
  resumed?: boolean;
}

/** Carries a compiled run to its end: pins its commits, hands it to its executor, keeps its logs and writes down what happens. Never throws for what goes wrong in the run. Gives the record of its end. */
export async function supervise({
  run,
  executor,
  store,
  options,
  attached,
  resumed = false,
  ...given
}: Supervision): Promise<RunRecord> {
  const { uuid } = run.record;
  const tell = attached.onEvent ?? (() => {});
  const redactor = createRedactor(proxySecrets(options.env));
  const secrets = maskedSecrets(given.secrets, redactor);
  const control = watchControl(run.folder, attached);
  const heartbeat = startHeartbeat(run.folder);
  const logs = openLogWriter({
    runFolder: run.folder,
    redactor,
    maxBytes: options.logBytes,
    onLine: (line) => tell({ type: "log", line }),
  });
  const journal = openJournal({
    uuid,
    folder: run.folder,
    store,
    onChange: (change) => tell({ type: "status", change }),
  });
  const warnings: ProblemRecord[] = [...(run.record.warnings ?? [])];
  /** By step: neighbouring steps run side by side, the record has them in declared order. */
  const codeReferences = knownReferences(run);

  function onEvent(raw: ExecutionEvent): void {
    const event = redactor.value(raw);
    if (event.type === "git" && event.event.phase === "warning") {
      onEvent({ type: "warning", warning: event.event.problem });
    } else if (event.type === "status") {
      journal.change(changeTo(event));
    } else if (event.type === "handle") {
      journal.update({ handle: event.handle });
    } else if (event.type === "warning") {
      warnings.push(problemRecord(event.warning));
      journal.update({ warnings: [...warnings] });
      tell(event);
    } else {
      if (event.type === "code-reference") {
        codeReferences.set(event.step, event.reference);
        noteCode();
      }
      tell(event);
    }
  }

  function noteCode(): void {
    journal.update({ codeReferences: run.plan.init.flatMap(({ name }) => codeReferences.get(name) ?? []) });
  }

  function pinned({ init }: Plan): void {
    for (const step of init) {
      if (step.kind !== "git" || step.pin === undefined || codeReferences.has(step.name)) continue;
      codeReferences.set(step.name, pinnedCode(step, step.pin));
    }
    noteCode();
  }

  function stopping(): void {
    journal.change(changeTo({ status: "stopping", message: "the end of the run was asked for" }));
  }
  for (const signal of [control.stop, control.kill]) signal.addEventListener("abort", stopping, { once: true });

  const context: ExecutionContext = {
    uuid,
    config: { ...options.config, executor: run.executor },
    env: options.env,
    folder: run.folder,
    ...(resumed ? { resumed: resumedFrom(run) } : {}),
    readSecret: (name) => secrets.read("secret", name),
    readConfigMap: (name) => secrets.read("configMap", name),
    findCredentialFor: secrets.findCredentialFor,
    output: logs.write,
    outputEnded: logs.end,
    say: logs.say,
    onEvent,
    stop: control.stop,
    kill: control.kill,
  };
  const { change, update } = await settle(run, { executor, store, context, pinned });
  logs.close();
  control.close();
  heartbeat.stop();
  const left = await journal.finish(redactor.value(change), redactor.value({ ...update, logs: logs.containers() }));
  const { record } = (await store.find(uuid)) ?? run;
  return left === undefined ? record : settledRecord(record, left);
}

/** What an earlier supervisor wrote down, by step. */
function knownReferences({ plan, record }: StoredRun): Map<string, RunCode> {
  const known = plan.init.flatMap((step): [string, RunCode][] => {
    const reference = record.codeReferences.find(({ path }) => step.kind === "git" && path === step.path);
    return reference === undefined ? [] : [[step.name, reference]];
  });
  return new Map(known);
}

function resumedFrom({ record, folder }: StoredRun): Resumed {
  return {
    startedAt: record.startedAt ?? new Date().toISOString(),
    begun: record.statuses.some(({ status }) => status === "running"),
    logged: (container, stream) => lastPosition(folder, container, stream),
  };
}

/** Runs it, and says how it ended. */
async function settle(
  run: StoredRun,
  given: { executor: Executor; store: RunStore; context: ExecutionContext; pinned: (plan: Plan) => void },
): Promise<{ change: StatusChange; update: RunUpdate }> {
  const { executor, store, context, pinned } = given;
  try {
    const plan = await executor.pin(run.plan, context);
    if (context.stop.aborted || context.kill.aborted)
      return ended(run.plan, { reason: "Stopped", message: "the run was stopped" });
    await store.setPlan(run.record.uuid, plan);
    pinned(plan);
    return ended(plan, await executor.execute(plan, context));
  } catch (error) {
    if (context.stop.aborted || context.kill.aborted)
      return ended(run.plan, { reason: "Stopped", message: "the run was stopped" });
    return failed(run.plan, error);
  }
}

function ended(plan: Plan, outcome: Outcome): { change: StatusChange; update: RunUpdate } {
  const { exitCode, reason, message } = outcome;
  const status = reason === "Completed" ? "succeeded" : reason === "Stopped" ? "stopped" : "failed";
  const timeout: Problem = { code: "RUN_TIMEOUT", message, hint: "raise termination.timeout, or make the job shorter" };
  return {
    change: changeTo({ status, reason, message }),
    update: {
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(reason === "Timeout" ? { errors: [problemRecord(timeout)] } : {}),
      ...expiry(plan),
    },
  };
}

function failed(plan: Plan, error: unknown): { change: StatusChange; update: RunUpdate } {
  const known = machineError("the run cannot go on", error) ?? unexpected(error);
  return {
    change: changeTo({ status: "failed", reason: known.code, message: known.message }),
    update: { errors: known.problems.map(problemRecord), ...expiry(plan) },
  };
}

function unexpected(error: unknown): BowlineError {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new BowlineError(
    { code: "INTERNAL", message: text, hint: "this is a bug: please report it" },
    { cause: error },
  );
}

function expiry(plan: Plan): { expiresAt?: string } {
  const { ttl } = plan.termination;
  return ttl === undefined ? {} : { expiresAt: new Date(Date.now() + ttl * 1000).toISOString() };
}

function changeTo(change: Omit<StatusChange, "at">): StatusChange {
  const { status, reason, message } = change;
  return {
    status,
    at: new Date().toISOString(),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}

/** The passwords of proxy variables, which jobs inherit. */
function proxySecrets(env: Readonly<NodeJS.ProcessEnv>): string[] {
  return Object.entries(env).flatMap(([name, value = ""]) => (/_proxy$/i.test(name) ? proxyPasswords(value) : []));
}
