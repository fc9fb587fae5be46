import { chmod, lchown, readdir } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import type { Resolution } from "../../git/index.ts";
import type { Problem } from "../../lib/index.ts";
import { writeFileStep } from "../file-step.ts";
import type { GitEngine } from "../git-engine.ts";
import { fetchStep } from "../git-steps.ts";
import { tellLeftCode } from "../handler.ts";
import type { DockerRun } from "./docker-run.ts";
import type { StepWorker } from "./init-steps.ts";
import type { LocalFolders } from "./local-folders.ts";
import type { Owner } from "./user.ts";

export interface LocalTools {
  engine: GitEngine;
  resolutions: ReadonlyMap<string, Resolution>;
  folders: LocalFolders;
  /** Who the main container runs as. */
  owner: Owner;
}

/** The engine of this process, into folders that are mounted; its files belong to the user of the main container. */
export function localWorker(run: DockerRun, { engine, resolutions, folders, owner }: LocalTools): StepWorker {
  const { context, plan } = run;
  const base = dirname(folders.here(plan.artifactsPath));
  const own = process.getuid?.();
  if (own !== undefined && own !== 0 && owner.uid !== 0 && owner.uid !== own && plan.init.length > 0)
    context.onEvent({ type: "warning", warning: notTheirs({ own, owner: owner.uid }) });
  return {
    async git(step, signal) {
      const target = folders.here(step.path);
      await fetchStep({ step, context, engine, resolutions, target, signal });
      await give(target, owner);
      await giveAbove(dirname(target), { owner, base });
    },
    async file(step) {
      const path = folders.here(posix.join(step.path, step.filename));
      await writeFileStep(step, path);
      await give(path, owner);
      await giveAbove(dirname(path), { owner, base });
    },
    left: (step, took) =>
      tellLeftCode({ step, context, folder: folders.here(step.path), took, signal: run.ending.signal }),
  };
}

/** Gives a file, or a folder with all that is in it, to a user, where this process may: as root, or to itself. */
async function give(path: string, owner: Owner): Promise<void> {
  if (process.getuid?.() !== 0) return;
  await lchown(path, owner.uid, owner.gid);
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) await give(below, owner);
    else await lchown(below, owner.uid, owner.gid);
  }
}

/** The folders that were made for it, too; and as root or not, anybody may add to them. */
async function giveAbove(folder: string, { owner, base }: { owner: Owner; base: string }): Promise<void> {
  if (!folder.startsWith(`${base}/`)) return;
  if (process.getuid?.() === 0) await lchown(folder, owner.uid, owner.gid);
  await chmod(folder, 0o777).catch(() => {});
  await giveAbove(dirname(folder), { owner, base });
}

function notTheirs({ own, owner }: { own: number; owner: number }): Problem {
  return {
    code: "CODE_OF_ANOTHER_USER",
    message: `the code belongs to the user ${own}, who runs Bowline; the main container runs as ${owner} and may only read it`,
    hint: `run the container as that user (securityContext: {runAsUser: ${own}}), or Bowline as root`,
  };
}
