import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ContainerPlan, Plan } from "../../compile/index.ts";
import { openMountSpace, type JobFile, type MountSpace } from "../../git/index.ts";
import type { Ended, ExecutionContext } from "../executor.ts";
import { containerEnv } from "../container-env.ts";
import { expandVariables } from "../expand-variables.ts";
import { followSecrets } from "../follow-secrets.ts";
import { writeJobGit } from "../job-git.ts";
import { GRACE, openEnding, type Ending } from "../ending.ts";
import { endProcesses } from "./end-processes.ts";
import { inheritedEnv } from "./inherited-env.ts";
import { startJobProcess } from "./job-process.ts";
import { startReaper } from "./reaper.ts";
import { insideOf, privateFolderOf } from "./run-folder.ts";
import { writeSecretFiles } from "./secret-files.ts";
import { writeJobFiles } from "./write-job-files.ts";

/** The processes of one run: what they have in common, and how all of them end. */
export interface ProcessRun {
  plan: Plan;
  context: ExecutionContext;
  ending: Ending;
  /** What is mounted for its processes only. */
  mounts: MountSpace;
  /** Starts a container's command; resolves when it ended, with all it left in its process group. */
  run: (job: ContainerJob) => Promise<Ended>;
  /** Ends whatever still lives of the run, and removes its private files. */
  close: () => Promise<void>;
}

export interface ContainerJob {
  /** Name of its log: `main`, `init/<name>`, `sidecar/<name>`. */
  log: string;
  container: ContainerPlan;
  /** Default: the container's. */
  connections?: readonly string[];
  more?: Readonly<Record<string, string>>;
}

export function openProcessRun(plan: Plan, context: ExecutionContext): ProcessRun {
  const assignment = `BOWLINE_RUN_UUID=${context.uuid}`;
  const privateFolder = privateFolderOf(context.folder);
  const groups = new Set<number>();
  const reaper = startReaper({ assignment, grace: GRACE, privateFolder });
  const ending = openEnding(plan, context);
  const mounts = openMountSpace();
  const following = followSecrets();
  let ended: Promise<void> | undefined;
  let starts = 0;

  function endAll(): Promise<void> {
    return endProcesses({ groups, assignment, grace: ending.grace(), kill: context.kill });
  }
  ending.signal.addEventListener("abort", () => void (ended ??= endAll()), { once: true });

  async function run({ log, container, connections = container.connections, more = {} }: ContainerJob): Promise<Ended> {
    // Files of one start are no other's: a retry begins with fresh ones.
    const files = join(privateFolder, `${++starts}`);
    const own = await containerEnv({
      ...{ plan, context, container, connections, more, contextPath: context.folder },
      base: inheritedEnv(context.env, context.config.executor.inheritEnv),
      async mountSecret({ connection, mountPath, items, defaultMode }) {
        const path = join(files, connection.name, mountPath);
        const folder = insideOf(files, { path, place: connection.place });
        await writeSecretFiles(folder, items, defaultMode);
        return folder;
      },
    });
    const folder = join(files, "git");
    const write = (changed: readonly JobFile[]): Promise<void> => writeJobFiles(folder, changed);
    const git = await writeJobGit({ plan, context, connections, env: own, folder, write });
    const env = { ...own, ...git.env };
    const words = [...(container.command ?? []), ...(container.args ?? [])];
    if (ending.signal.aborted) return { exitCode: 143, signal: "SIGTERM" };
    const job = await startJobProcess({
      command: words.map((word) => expandVariables(word, env)),
      cwd: container.workingDir ?? plan.artifactsPath,
      env,
      output: (stream, chunk) => context.output(log, stream, chunk),
      place: container.place,
      mounts,
    });
    if (job.group !== undefined) {
      groups.add(job.group);
      reaper.watch(job.group);
      context.onEvent({ type: "handle", handle: { groups: [...groups] } });
      // The end came while the process started.
      if (ending.signal.aborted) void endAll();
    }
    following.containers.add(git);
    const result = await job.ended;
    following.containers.delete(git);
    context.outputEnded(log);
    if (result.refused !== undefined) context.say(log, result.refused);
    return result;
  }

  async function close(): Promise<void> {
    ending.close();
    await ended;
    await endProcesses({ groups, assignment, grace: GRACE, kill: context.kill });
    await following.close();
    await mounts.close();
    await rm(privateFolder, { recursive: true, force: true });
    reaper.dismiss();
  }

  return { plan, context, ending, mounts, run, close };
}
