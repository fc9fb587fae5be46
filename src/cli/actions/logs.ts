import { BowlineError, didYouMean } from "../../lib/index.ts";
import { exitCodeOf, isFinal, type LogLine, type LogOptions, type RunRecord } from "../../runs/index.ts";
import type { CliContext } from "../context.ts";
import { printErrors } from "../output/problems.ts";
import { problemOf, shortUuid } from "../output/run-views.ts";
import { parseCount } from "../parse-options.ts";
import { createLogPrinter } from "../progress/print-log.ts";
import { createReporter } from "../progress/reporter.ts";
import { catchSignals } from "../signals.ts";
import { withRuns } from "../with-runs.ts";

interface LogsInput {
  args: { RUN: string };
  options: {
    follow?: boolean;
    container?: string;
    allContainers?: boolean;
    tail?: string;
    timestamps?: boolean;
    output?: "text" | "json";
    config?: string;
  };
}

/** `bowline logs RUN`; with `-f` to the run's end and with its result. */
export async function run({ args, options }: LogsInput, context: CliContext): Promise<number> {
  return withRuns(options, context, async (runs) => {
    const record = await runs.get(args.RUN);
    const container = options.allContainers ? undefined : (options.container ?? "main");
    checkContainer(record, options.container);
    const signals = catchSignals({ onFirst: () => {} });
    const query: LogOptions = {
      signal: signals.stop,
      ...(container === undefined ? {} : { container }),
      ...(options.follow ? { follow: true } : {}),
      ...(options.tail === undefined ? {} : { tail: parseCount(options.tail, "--tail") }),
    };
    const printer = createLogPrinter(
      { prefixAll: options.allContainers === true, timestamps: options.timestamps === true },
      context,
    );
    let lines = 0;
    try {
      for await (const line of runs.logs(record.uuid, query)) {
        lines += 1;
        if (options.output === "json") printJsonLine(line, context);
        else printer.print(line);
      }
    } catch (error) {
      if (!signals.stop.aborted) throw error;
    } finally {
      signals.release();
    }
    printer.endLine();
    const id = shortUuid(record.uuid);
    const interrupted = signals.exitCode();
    if (interrupted !== undefined) {
      if (!isFinal(record.status)) context.err(`the run goes on; come back with: bowline logs -f ${id}\n`);
      return interrupted;
    }
    if (lines === 0 && options.container === undefined && !options.follow) sayWhatElse(record, container, context);
    if (!options.follow) return 0;
    const ended = await runs.get(record.uuid);
    createReporter({ dataOnly: false }, context).result(ended);
    return exitCodeOf(ended);
  });
}

/** A log that is not there is a mistake only once the run is over: until then it may come. */
function checkContainer(record: RunRecord, name: string | undefined): void {
  if (name === undefined || record.logs.includes(name) || !isFinal(record.status)) return;
  const id = shortUuid(record.uuid);
  const git = name.startsWith("init/") ? `; what git steps did: bowline get ${id}` : "";
  throw new BowlineError({
    code: "USAGE",
    message: `run ${id} has no log "${name}"`,
    hint: `${didYouMean(name, record.logs) ?? ""} it has: ${record.logs.join(", ") || "none"}${git}`.trim(),
  });
}

/** Why there is nothing, or where there is something. */
function sayWhatElse(record: RunRecord, asked: string | undefined, context: CliContext): void {
  if (record.errors) printErrors(record.errors.map(problemOf), context);
  const others = record.logs.filter((name) => name !== "main");
  if (asked !== undefined && others.length > 0)
    context.err(`main wrote nothing; see also: ${others.map((name) => `-c ${name}`).join(", ")}\n`);
}

/** One JSON object a line; bytes that are no text are in base64. */
function printJsonLine({ bytes, ...line }: LogLine, context: CliContext): void {
  const binary = bytes === undefined ? {} : { base64: Buffer.from(bytes).toString("base64") };
  context.out(`${JSON.stringify({ ...line, ...binary })}\n`);
}
