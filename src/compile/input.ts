import type { Catalog } from "../connections/index.ts";
import type { Problem, ProblemInput } from "../lib/index.ts";
import type { Plan } from "./plan.ts";

/** Everything a plan is made of. */
export interface CompileInput {
  /** The polyaxonfile, then presets in the order in which they are applied. */
  files: readonly { name: string; text: string }[];
  /** The text of the file that another one names; throws a BowlineError when it cannot be read. */
  readReference: (path: string, from: string) => string;
  catalog: Catalog;
  /** `-P name=value`, as typed. */
  params?: Readonly<Record<string, string>>;
  /** The git preset file (polyaxongit.yaml): one init entry. */
  gitPreset?: { name: string; text: string };
  /** Revision for the git preset, or for the one git init step. */
  gitRevision?: string;
  /** What follows `--`. */
  command?: readonly string[];
  image?: string;
  name?: string;
  /** False (for `check`): a run with nothing to run is a warning. True when absent. */
  requireCommand?: boolean;
  policy?: CompilePolicy;
  context: CompileContext;
}

/** The part of the config's policy that a plan can break. */
export interface CompilePolicy {
  schemes?: readonly string[] | undefined;
  flags?: readonly string[] | undefined;
}

/** What templates and paths need to know of the run. Paths are absolute, as the job sees them. */
export interface CompileContext {
  uuid: string;
  artifactsPath: string;
  /** `/plx-context` in containers, the run's own folder for `process`. */
  contextPath: string;
  outputsPath: string;
  /** ISO 8601 UTC. */
  createdAt: string;
  namespace?: string;
  user?: string;
}

export interface CompileResult {
  /** Absent when there are errors. */
  plan?: Plan;
  errors: ProblemInput[];
  warnings: Problem[];
}
