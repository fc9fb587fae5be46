import { exitCodeOf, isFinal, type Attached, type RunRecord, type Runs } from "../runs/index.ts";
import type { CliContext } from "./context.ts";
import { isData, printValue, type Format } from "./output/data.ts";
import { escapeControl } from "./output/escape.ts";
import { shortUuid } from "./output/run-views.ts";
import type { Reporter } from "./progress/reporter.ts";
import { catchSignals } from "./signals.ts";

/** Whether stdout is to hold nothing but what `-o` asks for. */
export function isDataOnly(output: Format | undefined): boolean {
  return isData(output) || output === "name";
}

/** Stays with a run that this process supervises: the first signal stops it, the second kills it. Gives the exit code. */
export async function attend(
  start: (attached: Attached) => Promise<RunRecord>,
  { output, reporter }: { output: Format | undefined; reporter: Reporter },
  context: CliContext,
): Promise<number> {
  const signals = catchSignals({ onFirst: () => reporter.note("stopping; once more kills it") });
  let told = false;
  // The run is worth more than its echo here, and its log is kept.
  context.onBrokenOutput.handler = ({ code }) => {
    if (code !== "EPIPE" && !told) reporter.note(`standard output cannot be written (${code}); the run goes on`);
    told = true;
  };
  try {
    const record = await start({ onEvent: reporter.event, stop: signals.stop, kill: signals.kill });
    reporter.result(record);
    await printRecord(record, output, context);
    return signals.exitCode() ?? exitCodeOf(record);
  } finally {
    signals.release();
  }
}

type StartDetached = (attached: Pick<Attached, "onEvent">) => Promise<RunRecord>;

interface LeaveOptions {
  /** The run's, where it is known before the start. */
  uuid?: string;
  output?: Format;
  /** Watch the statuses to the end. */
  watch?: boolean;
  /** Follow the logs to the end. */
  logs?: boolean;
}

/** Starts a run that goes on without this process, and tells its uuid; follows it where that was asked. Gives the exit code. */
export async function leave(
  start: StartDetached,
  { runs, reporter, options }: { runs: Runs; reporter: Reporter; options: LeaveOptions },
  context: CliContext,
): Promise<number> {
  const { record, interrupted } = await startOrStop(start, { runs, reporter, ...options });
  // A quick job may be over by now; that it was started is what counts, or the exit code would hang on who was faster.
  const started = record.statuses.some(({ status }) => status === "scheduled");
  if (interrupted !== undefined || (isFinal(record.status) && !started)) {
    reporter.result(record);
    await printRecord(record, options.output, context);
    return interrupted ?? exitCodeOf(record);
  }
  if (isDataOnly(options.output)) await printRecord(record, options.output, context);
  else if (!options.logs) context.out(`${record.uuid}\n`);
  if (options.watch || options.logs) return follow(record, { runs, reporter, options });
  reporter.note(`follow it with: bowline logs -f ${shortUuid(record.uuid)}`);
  return 0;
}

/** Whoever breaks off before the run has started, means the run; it is not left behind unseen. */
async function startOrStop(
  start: StartDetached,
  { runs, reporter, uuid }: { runs: Runs; reporter: Reporter; uuid?: string },
): Promise<{ record: RunRecord; interrupted: number | undefined }> {
  const signals = catchSignals({ onFirst: () => reporter.note("stopping") });
  const stopNow = (): void => {
    // It may not be there yet; then it is stopped once it is.
    if (uuid !== undefined) runs.stop(uuid).catch(() => {});
  };
  signals.stop.addEventListener("abort", stopNow, { once: true });
  try {
    const started = await start({ onEvent: reporter.event });
    const record = signals.stop.aborted ? await runs.stop(started.uuid) : started;
    return { record, interrupted: signals.exitCode() };
  } finally {
    signals.release();
  }
}

/** Watches a run of another process to its end; a signal ends the watching, not the run. Gives the run's exit code. */
export async function follow(
  { uuid }: RunRecord,
  { runs, reporter, options }: { runs: Runs; reporter: Reporter; options: { watch?: boolean; logs?: boolean } },
): Promise<number> {
  const signals = catchSignals({ onFirst: () => {} });
  try {
    await Promise.all([
      options.watch ? watchStatuses(runs.watch(uuid, { signal: signals.stop }), reporter) : undefined,
      options.logs ? printLogs(runs, { uuid, signal: signals.stop, reporter }) : undefined,
    ]);
  } catch (error) {
    if (!signals.stop.aborted) throw error;
  } finally {
    signals.release();
  }
  const interrupted = signals.exitCode();
  if (interrupted !== undefined) {
    const id = shortUuid(uuid);
    reporter.note(`the run goes on; come back with: bowline logs -f ${id}  stop it with: bowline stop ${id}`);
    return interrupted;
  }
  const record = await runs.get(uuid);
  reporter.result(record);
  return exitCodeOf(record);
}

async function watchStatuses(records: AsyncIterable<RunRecord>, reporter: Reporter): Promise<void> {
  let seen = 0;
  for await (const { statuses } of records) {
    for (const { status, at, message } of statuses.slice(seen)) {
      reporter.note(`${at}  ${status}${message ? `  ${escapeControl(message)}` : ""}`);
    }
    seen = statuses.length;
  }
}

async function printLogs(
  runs: Runs,
  { uuid, signal, reporter }: { uuid: string; signal: AbortSignal; reporter: Reporter },
): Promise<void> {
  for await (const line of runs.logs(uuid, { follow: true, signal })) reporter.log(line);
}

async function printRecord(record: RunRecord, output: Format | undefined, context: CliContext): Promise<void> {
  if (isData(output)) await printValue(record, output, context);
  if (output === "name") context.out(`${record.uuid}\n`);
}
