import { defineCommand, OUTPUT, YES } from "../command.ts";
import { EXECUTOR } from "../executor-options.ts";

const RUN = { help: "its uuid, or as much of its beginning as is unique", completes: "run" } as const;
const RUNS = { ...RUN, many: true } as const;

export const ps = defineCommand({
  name: "ps",
  summary: "List runs, the newest first",
  section: "Runs",
  examples: [
    { line: "bowline ps", does: "See the latest runs" },
    { line: "bowline ps --status failed -o name", does: "Print the uuids of the failed runs" },
  ],
  options: {
    status: { value: "STATUS", many: true, help: "only runs in this status" },
    limit: { value: "N", help: "how many of the newest; 0 is all (default: 50 in a table, 1000 otherwise)" },
    quiet: { short: "q", help: "print uuids only" },
    ...EXECUTOR,
    ...OUTPUT,
  },
  load: () => import("../actions/ps.ts"),
});

export const get = defineCommand({
  name: "get",
  summary: "Show a run: statuses, code references, errors",
  section: "Runs",
  examples: [
    { line: "bowline get 0b6c1b1e", does: "Show one run" },
    { line: "bowline get 0b6c1b1e -o json | jq -r '.codeReferences[].commit'", does: "Print the commits that it had" },
  ],
  args: { RUN },
  options: { ...EXECUTOR, ...OUTPUT },
  load: () => import("../actions/get.ts"),
});

export const logs = defineCommand({
  name: "logs",
  summary: "Print the logs of a run",
  description:
    "Prints what the main container wrote, its stdout to stdout and its stderr to stderr. " +
    "With -f it follows until the run ends, and the exit code is the run's.",
  section: "Runs",
  examples: [
    { line: "bowline logs -f 0b6c1b1e", does: "Follow a run to its end" },
    { line: "bowline logs 0b6c1b1e -c init/prepare --timestamps", does: "See what an init container said, and when" },
  ],
  args: { RUN },
  options: {
    follow: { short: "f", help: "wait for more until the run ends; exit with its result" },
    container: { short: "c", value: "NAME", help: "another container's log (default: main)", completes: "container" },
    allContainers: { help: "every container's log, each line with its container's name" },
    tail: { value: "N", help: "only the last N lines" },
    ...EXECUTOR,
    timestamps: { help: "put its time before each line" },
    output: { short: "o", value: "FORMAT", choices: ["text", "json"], help: "json: one JSON object a line" },
  },
  load: () => import("../actions/logs.ts"),
});

export const stop = defineCommand({
  name: "stop",
  summary: "Stop runs",
  description: "Sends TERM to everything that the run started, and KILL after a grace period.",
  section: "Runs",
  examples: [
    { line: "bowline stop 0b6c1b1e", does: "Stop one run" },
    { line: "bowline ps --status running -q | xargs bowline stop -y", does: "Stop everything that runs" },
  ],
  args: { RUN: RUNS },
  options: { ...EXECUTOR, ...YES, ...OUTPUT },
  load: () => import("../actions/stop.ts"),
});

export const restart = defineCommand({
  name: "restart",
  summary: "Run again what was run before, at the same commits",
  section: "Runs",
  examples: [
    { line: "bowline restart 0b6c1b1e", does: "Run again, with exactly the same code" },
    {
      line: "bowline restart 0b6c1b1e --fresh -d",
      does: "Run again with what the branches are now, in the background",
    },
  ],
  args: { RUN },
  options: {
    fresh: { help: "resolve the revisions again" },
    detach: { short: "d", help: "return when the run has started; print its uuid" },
    watch: { short: "w", help: "with -d: watch the statuses until the run ends" },
    logs: { short: "l", help: "with -d: follow the logs until the run ends" },
    ...EXECUTOR,
    ...OUTPUT,
  },
  load: () => import("../actions/restart.ts"),
});

export const remove = defineCommand({
  name: "delete",
  summary: "Delete runs with their logs and files",
  section: "Runs",
  examples: [
    { line: "bowline delete 0b6c1b1e", does: "Delete one run, after a question" },
    {
      line: "bowline ps --status failed -q | xargs bowline delete -y",
      does: "Delete all failed runs without a question",
    },
  ],
  args: { RUN: RUNS },
  options: { ...EXECUTOR, ...YES, ...OUTPUT },
  load: () => import("../actions/delete.ts"),
});
