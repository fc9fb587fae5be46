import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ContainerPlan, Plan } from "../../compile/index.ts";
import type { ExecutionContext } from "../executor.ts";
import { containerEnv } from "./container-env.ts";
import { endProcesses } from "./end-processes.ts";
import { expandVariables } from "./expand-variables.ts";
import { startJobProcess, type Ended } from "./job-process.ts";
import { writeJobGit, type JobGitFiles } from "./job-git-files.ts";
import { startReaper } from "./reaper.ts";
import { privateFolderOf } from "./run-folder.ts";

/** Milliseconds between TERM and KILL, if nothing else is said. */
const GRACE = 10_000;

/** How often it is looked whether a secret was changed that git in a job uses, in milliseconds. */
const FOLLOW_INTERVAL = 2_000;

/** What setTimeout can wait, in milliseconds: almost 25 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The processes of one run: what they have in common, and how all of them end. */
export interface ProcessRun {
  plan: Plan;
  context: ExecutionContext;
  /** Aborted when the run is to end before its time: stop, kill or timeout. */
  ending: AbortSignal;
  timedOut: () => boolean;
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
  const timeout = new AbortController();
  const ending = AbortSignal.any([context.stop, context.kill, timeout.signal]);
  const seconds = plan.termination.timeout;
  const clock =
    seconds === undefined ? undefined : setTimeout(() => timeout.abort(), Math.min(seconds * 1000, LONGEST_TIMER));
  const following = followSecrets();
  let ended: Promise<void> | undefined;
  let starts = 0;

  function endAll(): Promise<void> {
    const grace = typeof context.stop.reason === "number" ? context.stop.reason : GRACE;
    return endProcesses({ groups, assignment, grace, kill: context.kill });
  }
  ending.addEventListener("abort", () => void (ended ??= endAll()), { once: true });

  async function run({ log, container, connections = container.connections, more = {} }: ContainerJob): Promise<Ended> {
    // Files of one start are no other's: a retry begins with fresh ones.
    const files = join(privateFolder, `${++starts}`);
    const own = await containerEnv({ plan, context, container, connections, privateFolder: files, more });
    const git = await writeJobGit({ plan, context, connections, env: own, privateFolder: files });
    const env = { ...own, ...git.env };
    const words = [...(container.command ?? []), ...(container.args ?? [])];
    if (ending.aborted) return { exitCode: 143, signal: "SIGTERM" };
    const job = await startJobProcess({
      command: words.map((word) => expandVariables(word, env)),
      cwd: container.workingDir ?? plan.artifactsPath,
      env,
      output: (stream, chunk) => context.output(log, stream, chunk),
      place: container.place,
    });
    if (job.group !== undefined) {
      groups.add(job.group);
      reaper.watch(job.group);
      context.onEvent({ type: "handle", handle: { groups: [...groups] } });
      // The end came while the process started.
      if (ending.aborted) void endAll();
    }
    following.containers.add(git);
    const result = await job.ended;
    following.containers.delete(git);
    if (result.refused !== undefined) context.say(log, result.refused);
    return result;
  }

  async function close(): Promise<void> {
    clearTimeout(clock);
    await ended;
    await endProcesses({ groups, assignment, grace: GRACE, kill: context.kill });
    await following.close();
    await rm(privateFolder, { recursive: true, force: true });
    reaper.dismiss();
  }

  return { plan, context, ending, timedOut: () => timeout.signal.aborted, run, close };
}

/** Keeps the files of each running container's git true, until it is closed; then nothing is written any more. */
function followSecrets() {
  const containers = new Set<JobGitFiles>();
  let work: Promise<unknown> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    work = Promise.all([...containers].map(({ follow }) => follow())).finally(() => (busy = false));
  }, FOLLOW_INTERVAL);
  return {
    containers,
    async close() {
      clearInterval(timer);
      await work;
    },
  };
}
