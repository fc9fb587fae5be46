import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { compile, type CompileInput, type CompileResult } from "../compile/index.ts";
import type { Config } from "../config/index.ts";
import type { RunPlaces } from "../runs/index.ts";
import type { CliContext } from "./context.ts";
import { hasGitPreset, readGitPreset } from "./git-preset.ts";
import { parsePairs, usage } from "./parse-options.ts";
import { readText, readTextFile, STDIN } from "./read-text.ts";

/** The options of run and check that say which file with which values. */
export interface FileOptions {
  file?: string[];
  param?: string[];
  name?: string;
  image?: string;
  gitPreset?: boolean;
  gitRevision?: string;
}

interface CompileRequest {
  options: FileOptions;
  /** What follows `--`. */
  command: string[];
  config: Config;
  places: RunPlaces;
  /** False: a run with nothing to run is no more than a warning. */
  requireCommand?: boolean;
}

/** Reads everything that the command line names and compiles it for this run. */
export async function compileFiles(
  { options, command, config, places, requireCommand = true }: CompileRequest,
  context: CliContext,
): Promise<CompileResult> {
  const params = parsePairs(options.param ?? [], "-P", { form: "NAME=VALUE", example: "epochs=3" });
  const files = await readFiles(options.file ?? [defaultFile(context)], context);
  const git = await gitInput(options, context);
  const input: CompileInput = {
    files,
    readReference: (path, from) => readReference(path, from, context),
    catalog: config.catalog,
    policy: config.policy,
    requireCommand,
    params,
    ...git,
    ...(command.length > 0 ? { command } : {}),
    ...(options.image === undefined ? {} : { image: options.image }),
    ...(options.name === undefined ? {} : { name: options.name }),
    context: {
      uuid: places.uuid,
      createdAt: places.createdAt,
      contextPath: places.contextPath,
      artifactsPath: places.artifactsPath,
      outputsPath: places.outputsPath,
      ...(context.env["USER"] === undefined ? {} : { user: context.env["USER"] }),
    },
  };
  return compile(input);
}

/** The preset of this folder where it is asked for; a revision alone uses it if it is there, else it is for the one git step of the file. */
async function gitInput({ gitPreset, gitRevision }: FileOptions, context: CliContext): Promise<Partial<CompileInput>> {
  const revision = gitRevision === undefined ? {} : { gitRevision };
  if (!gitPreset && (gitRevision === undefined || !hasGitPreset(context))) return revision;
  return readGitPreset(gitRevision, context);
}

/** The first of Polyaxon's default names that is here. */
function defaultFile(context: CliContext): string {
  for (const name of DEFAULT_NAMES) {
    try {
      readFileSync(resolve(context.cwd, name));
      return name;
    } catch {
      // The next name, then.
    }
  }
  throw usage(
    "no polyaxonfile is named, and none is here",
    "name one with: -f FILE (default names: polyaxonfile.yaml, polyaxon.yaml …)",
  );
}

const DEFAULT_NAMES = ["polyaxon", "polyaxonci", "polyaxon-ci", "polyaxon.ci", "polyaxonfile"].flatMap((name) =>
  ["yaml", "yml", "json"].map((extension) => `${name}.${extension}`),
);

async function readFiles(names: readonly string[], context: CliContext): Promise<{ name: string; text: string }[]> {
  if (names.filter((name) => name === "-").length > 1)
    throw usage("-f - is given twice", "standard input can be read once");
  const files: { name: string; text: string }[] = [];
  for (const name of names) files.push(await readTextFile(name, context));
  return files;
}

/** What a file refers to is looked for beside it; from standard input, in the working directory. */
function readReference(path: string, from: string, context: CliContext): string {
  const folder = from === STDIN ? "" : dirname(from);
  return readText(resolve(context.cwd, folder, path), join(folder, path));
}
