import { defineCommand, OUTPUT } from "../command.ts";
import { CLUSTER, REGISTRY } from "../executor-options.ts";

/** What says which polyaxonfile with which values; shared by run and check. */
const FILES = {
  file: {
    short: "f",
    value: "FILE",
    many: true,
    completes: "file",
    help: "the polyaxonfile, then presets; - is standard input (else polyaxon*.yaml here)",
  },
  param: { short: "P", value: "NAME=VALUE", many: true, help: "a param" },
  name: { short: "n", value: "NAME", help: "the run's name" },
  image: { value: "IMAGE", help: "image of the main container, where the file leaves it open" },
  gitPreset: { help: "put polyaxongit.yaml in front of the init steps, at this clone's commit" },
  gitRevision: { value: "REVISION", help: "the revision for polyaxongit.yaml, else for the file's one git step" },
  executor: { value: "KIND", choices: ["process", "docker", "kubernetes"], help: "what carries out the run" },
} as const;

const COMMAND = { name: "COMMAND", help: "command of the main container, where the file leaves it open" };

export const run = defineCommand({
  name: "run",
  summary: "Run a polyaxonfile",
  description:
    "Runs a polyaxonfile and stays with it: the plan, the phases, the job's own output, then the result. " +
    "The job's stdout goes to stdout and everything else to stderr; with -o, stdout is the run record alone. " +
    "Ctrl-C stops the run; a second one kills it.",
  section: "Runs",
  examples: [
    { line: "bowline run -f train.yaml -P epochs=3", does: "Run train.yaml with a param, and watch it" },
    { line: "bowline run -f train.yaml -f gpu.yaml -d", does: "The same with a preset over it, in the background" },
    {
      line: "bowline run -f code.yaml -- python3 -m pytest -q",
      does: "Run a command in the code that code.yaml asks for",
    },
  ],
  options: {
    ...FILES,
    name: { ...FILES.name, help: "the run's name, as for Polyaxon; a namespace is given by --namespace only" },
    detach: { short: "d", help: "return when the commits are pinned and the run has started; print its uuid" },
    watch: { short: "w", help: "with -d: watch the statuses until the run ends" },
    logs: { short: "l", help: "with -d: follow the logs until the run ends" },
    dryRun: { help: "kubernetes: print the objects that would be made, with -o yaml or json, and make none" },
    context: CLUSTER.context,
    // Its short form is the name's here.
    namespace: { value: CLUSTER.namespace.value, help: CLUSTER.namespace.help },
    registry: REGISTRY,
    project: { short: "p", value: "NAME", help: "taken for Polyaxon's sake; there are no projects here" },
    ...OUTPUT,
  },
  rest: COMMAND,
  excessHint: "name the file with -f; a command goes after --: bowline run -f FILE -- COMMAND",
  load: () => import("../actions/run.ts"),
});

export const compose = defineCommand({
  name: "compose",
  summary: "Print a polyaxonfile as a file for docker compose",
  description:
    "The same init steps in the same order, as services that the main one waits for: git steps by Bowline's image, at the commits " +
    "of now. Secrets are files that you put beside it; none of their values is printed. The first lines say which.",
  section: "Runs",
  examples: [
    { line: "bowline compose -f train.yaml > compose.yaml", does: "Write a file for docker compose" },
    {
      line: "bowline compose -f train.yaml | docker compose -f - up --abort-on-container-exit",
      does: "Run it at once, with everything that it waits for",
    },
  ],
  options: {
    file: FILES.file,
    param: FILES.param,
    name: FILES.name,
    image: FILES.image,
    gitPreset: FILES.gitPreset,
    gitRevision: FILES.gitRevision,
    output: { short: "o", value: "FORMAT", choices: ["yaml", "json"], help: "how to print" },
  },
  rest: COMMAND,
  load: () => import("../actions/compose.ts"),
});

export const check = defineCommand({
  name: "check",
  summary: "Check a polyaxonfile without running it",
  description:
    "Reads the polyaxonfile with its presets and params against the catalog, and says everything that is wrong at once, " +
    "with its place and what to do. Asks no server; with -o json the plan is printed.",
  section: "Runs",
  examples: [
    { line: "bowline check -f train.yaml", does: "Say what is wrong with train.yaml" },
    { line: "bowline check -f train.yaml -P epochs=3 -o json", does: "Print the plan that a run would carry out" },
  ],
  options: { ...FILES, ...OUTPUT },
  rest: COMMAND,
  load: () => import("../actions/check.ts"),
});
