import type { Plan } from "../../compile/index.ts";
import type { LogLine, RunEvent, RunRecord } from "../../runs/index.ts";
import type { CliContext } from "../context.ts";
import { escapeControl } from "../output/escape.ts";
import { printErrors, printWarnings } from "../output/problems.ts";
import { codeLine, problemOf, shortUuid, statusColour } from "../output/run-views.ts";
import { duration } from "../output/time.ts";
import { createGitPhases } from "./git-phases.ts";
import { createLiveLine } from "./live-line.ts";
import { planLines } from "./plan-lines.ts";
import { createLogPrinter } from "./print-log.ts";

/** Shows a run while it happens. */
export interface Reporter {
  /** What is told of the run once it is on record; a uuid that was shown is never unknown to the next command. */
  plan: (plan: Plan) => void;
  event: (event: RunEvent) => void;
  log: (line: LogLine) => void;
  /** A word between the others. */
  note: (text: string) => void;
  result: (record: RunRecord) => void;
}

/** With `dataOnly`, stdout is left to the run record and the job's stdout goes to stderr, too. */
export function createReporter(options: { dataOnly: boolean }, context: CliContext): Reporter {
  const style = context.style.err;
  const live = createLiveLine(context);
  const words = createGitPhases();
  const logs = createLogPrinter({ ...options, prefixOthers: true }, context);
  function line(text: string): void {
    live.clear();
    logs.endLine();
    context.err(`${text}\n`);
  }
  let planned: string[] = [];
  return {
    plan(plan) {
      planned = planLines(plan);
    },
    event(event) {
      if (event.type === "created") {
        const place = event.namespace === undefined ? "" : `  in namespace ${event.namespace}`;
        const { uuid, name, restartOf } = event.record;
        const again = restartOf === undefined ? "" : `, a restart of ${shortUuid(restartOf)}`;
        line(`${style.bold(`run ${shortUuid(uuid)}`)}  ${name}${place}${again}`);
        for (const text of planned) line(style.dim(`  ${text}`));
      } else if (event.type === "log") {
        live.clear();
        logs.print(event.line);
      } else if (event.type === "git") {
        const { keep, live: changing } = words(event.connection ?? event.step, event.event);
        if (keep !== undefined) line(style.dim(keep));
        if (changing !== undefined) live.set(changing);
      } else if (event.type === "code-reference") {
        line(`code  ${codeLine(event.reference, style)}`);
      } else if (event.type === "warning") {
        live.clear();
        printWarnings([event.warning], context);
      } else if (event.type === "status") {
        const { status, reason, message = "" } = event.change;
        if (SHOWN.has(status)) line(style.dim(reason === "Reachable" ? `${status}; ${message}` : status));
        else if (WAITING.has(status) && reason !== undefined && !AGAIN.has(reason))
          line(style.yellow(`${status}, ${escapeControl(message)}`));
      }
    },
    log: logs.print,
    note: line,
    result(record) {
      live.clear();
      logs.endLine();
      const { errors = [] } = record;
      printErrors(errors.map(problemOf), context);
      line(resultLine(record, { paint: statusColour(style, record.status), told: errors.length > 0 }));
      for (const reference of record.codeReferences) line(`  ${codeLine(reference, style)}`);
    },
  };
}

/** The statuses between start and end that tell a reader something the other lines do not. */
const SHOWN: ReadonlySet<string> = new Set(["running", "stopping"]);

/** A reason of these is what the run waits for; that of another attempt is in the job's own log. */
const WAITING: ReadonlySet<string> = new Set(["scheduled", "starting"]);
const AGAIN: ReadonlySet<string> = new Set(["Retry", "Restart"]);

/** `told`: the errors above have said why already. */
function resultLine(record: RunRecord, { paint, told }: { paint: (text: string) => string; told: boolean }): string {
  const { status, message, startedAt, createdAt, finishedAt } = record;
  const took =
    finishedAt === undefined ? "" : ` after ${duration(Date.parse(finishedAt) - Date.parse(startedAt ?? createdAt))}`;
  const why = message === undefined || status === "succeeded" || told ? "" : `: ${escapeControl(message)}`;
  return `${paint(`${status}${took}`)}${why}`;
}
