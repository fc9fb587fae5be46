import { chmod, rm, stat } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import type { Plan } from "../../compile/index.ts";
import { makeFolder, writeError } from "../../lib/index.ts";
import type { ExecutionContext } from "../executor.ts";
import { CONTEXT } from "../places.ts";
import type { Mount } from "./container-body.ts";
import { isBelow, type SharedFolders } from "./shared-folders.ts";

/** The folders of a run on this machine, which the engine mounts. */
export interface LocalFolders extends SharedFolders {
  /** A path of the job on this machine. */
  here: (path: string) => string;
}

/**
 * The artifacts are the run's own `artifacts` folder; what else is below `/plx-context` is in `context`. A step that lands elsewhere has
 * a folder, or file, of its own in `outside`, mounted at just that place, so that the image keeps what is beside it.
 */
export function localFolders(plan: Plan, { folder, uuid }: ExecutionContext): LocalFolders {
  const artifacts = join(folder, "artifacts");
  const context = join(folder, "context");
  const outside = join(folder, "outside");
  const places = outsidePlaces(plan);

  function here(path: string): string {
    if (isBelow(path, plan.artifactsPath)) return join(artifacts, path.slice(plan.artifactsPath.length));
    if (isBelow(path, CONTEXT)) return join(context, path.slice(CONTEXT.length));
    return join(outside, path);
  }

  async function mounts(): Promise<Mount[]> {
    const there = await Promise.all(
      places.map((path) =>
        stat(here(path)).then(
          () => [path],
          () => [],
        ),
      ),
    );
    const all: [string, string][] = [
      [context, CONTEXT],
      [artifacts, plan.artifactsPath],
      ...there.flat().map((path): [string, string] => [here(path), path]),
    ];
    return all.map(([Source, Target]) => ({ Type: "bind", Source, Target }));
  }

  async function make(): Promise<void> {
    const outputs = join(artifacts, uuid, "outputs");
    const folders = [context, join(context, "artifacts"), artifacts, dirname(outputs), outputs];
    const repositories = plan.init.flatMap((step) =>
      step.kind === "git" && places.includes(step.path) ? [here(step.path)] : [],
    );
    try {
      for (const path of [...folders, ...repositories]) {
        await makeFolder(path);
        // Not by the mode of mkdir, from which the umask takes.
        await chmod(path, 0o777);
      }
    } catch (error) {
      throw writeError(folder, error);
    }
  }

  async function clear(): Promise<void> {
    for (const path of [artifacts, context, outside]) await rm(path, { recursive: true, force: true });
  }

  return { here, mounts, files: () => new Map(), make, clear };
}

function outsidePlaces(plan: Plan): string[] {
  const places = plan.init.flatMap((step) => {
    if (step.kind === "git") return [step.path];
    return step.kind === "file" ? [posix.join(step.path, step.filename)] : [];
  });
  return places.filter((path) => !isBelow(path, CONTEXT));
}
