import * as z from "zod";
import { notSupported } from "../not-supported.ts";
import { io } from "./params.ts";
import { carriedMap, count, flag, tagList, text } from "./parts.ts";
import { run, runPatch } from "./run.ts";

export const termination = z.lazy(() =>
  z
    .strictObject({
      maxRetries: count("How often a failed run is tried again; 0 when absent.").optional(),
      timeout: count("Seconds from scheduling on, over all tries, after which the run is stopped.", 1).optional(),
      ttl: count("Seconds after its end when the run is deleted.").optional(),
      culling: notSupported("stopping idle services", "stop it with `bowline stop`, or set `timeout`"),
      probe: notSupported("probing services for activity", "use the container's own probes"),
      podFailurePolicy: notSupported("policies by exit code", "use `maxRetries`"),
    })
    .meta({ id: "termination", description: "When a run ends, and how often it is tried." }),
);

/** Keys that components, operations and presets share. */
const shared = () => ({
  version: z
    .union([z.number(), z.string()])
    .meta({ description: "1.1; may be left out.", examples: [1.1] })
    .optional(),
  name: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/)
    .meta({ description: "Name of the run: letters, digits, dots, hyphens, underscores." })
    .optional(),
  description: z.string().meta({ description: "What it is for." }).optional(),
  tags: tagList("Words to find runs by.").optional(),
  termination: termination.optional(),
  plugins: carriedMap("Only for Polyaxon's own sidecars; not used here.").optional(),
  queue: text("Only for Polyaxon's queues; not used here.").optional(),
  namespace: text("Only for Polyaxon's agents; the namespace is the config's.").optional(),
  cache: carriedMap("Only for Polyaxon's cache of results; every run is run here.").optional(),
  cost: z.number().meta({ description: "Only for Polyaxon's accounting; not used here." }).optional(),
  isApproved: flag("False would wait for an approval, which is not supported.").optional(),
  template: carriedMap("Only for Polyaxon's hub; a template that is enabled is not run.").optional(),
  presets: notSupported("presets of an organization", "pass the preset files: `-f FILE -f PRESET`"),
  hooks: notSupported("runs that follow on a run", "start them after this one, for example in a script"),
  mount: notSupported("uploads of local folders", "put the files into a git repository, or an init entry `file`"),
  patchStrategy: z
    .enum(["replace", "isnull", "post_merge", "pre_merge"])
    .meta({
      description:
        "How `runPatch` and this preset are merged: `post_merge` (default; deep, these last), `pre_merge` (deep, these first), `replace` (key by key), `isnull` (only what is not set).",
    })
    .optional(),
  isPreset: flag("Says that this file is only a preset.").optional(),
});

const build = z.lazy(() =>
  z
    .strictObject({
      image: text("Image of the container (older form of `container.image`).").optional(),
      commit: text("Commit of the one repository of `init` (older form of `git.revision`).").optional(),
      hubRef: notSupported("builds of images", "build the image before, and name it in `container.image`"),
    })
    .meta({ description: "The older form of `kind: experiment`; builds of images are not supported." }),
);

/** A param's own shape is checked later, for a map may be a value too. */
const params = z.lazy(() =>
  z.record(z.string(), z.unknown()).meta({
    description: "Values of inputs: `name: value`, or `name: {value, connection, toInit, toEnv, contextOnly}`.",
  }),
);

const inputs = z.lazy(() => z.array(io).meta({ description: "Declared inputs." }));
const outputs = z.lazy(() => z.array(io).meta({ description: "Declared outputs." }));

/** A component: what to run. `params` beside it give values to its own inputs. */
export const component = z.lazy(() =>
  z
    .strictObject({
      kind: z
        .enum(["component", "experiment"])
        .meta({ description: "`component`; may be left out beside `run`." })
        .optional(),
      ...shared(),
      inputs: inputs.optional(),
      outputs: outputs.optional(),
      contexts: z.array(io).meta({ description: "Declared values for templates only." }).optional(),
      params: params.optional(),
      run: run,
      build: build.optional(),
    })
    .meta({ id: "component", description: "What to run." }),
);

const operationOnly = () => ({
  params: params.optional(),
  runPatch: runPatch.optional(),
  build: notSupported("builds of images", "build the image before, and name it in `container.image`"),
  matrix: notSupported("hyperparameter search", "run each combination with -P name=value"),
  joins: notSupported("values joined from other runs", "pass values with -P name=value"),
  schedule: notSupported("schedules", "start `bowline run` from cron, or from your CI"),
  events: notSupported("runs started by events", "start `bowline run` from what sends the event"),
  dependencies: notSupported("graphs of operations", "run each operation after the one it needs"),
  trigger: notSupported("graphs of operations", "run each operation after the one it needs"),
  conditions: notSupported("runs under a condition", "decide before `bowline run`"),
  skipOnUpstreamSkip: flag("Only for Polyaxon's graphs; not used here.").optional(),
});

/** An operation: how to run a component. */
export const operation = z.lazy(() =>
  z
    .strictObject({
      kind: z.literal("operation").meta({ description: "`operation`; may be left out beside a reference." }).optional(),
      ...shared(),
      ...operationOnly(),
      component: component.optional(),
      pathRef: text("Path of the component's file, relative to this one.", ["./component.yaml"]).optional(),
      urlRef: text("A local file: `./component.yaml` or `file:///…`; files on the network are not read.").optional(),
      hubRef: notSupported("components of a hub", "save the component in a file and name it in `pathRef`"),
      dagRef: notSupported("components of a graph", "save the component in a file and name it in `pathRef`"),
    })
    .meta({ id: "operation", description: "How to run one component." }),
);

/** A preset: what is patched into an operation. */
export const preset = z.lazy(() =>
  z
    .strictObject({
      kind: z.enum(["operation", "preset"]).meta({ description: "`operation`; may be left out." }).optional(),
      ...shared(),
      ...operationOnly(),
    })
    .meta({ id: "preset", description: "What is patched into an operation." }),
);
