// node:child_process itself: a process in a session of its own, raw output as it comes and no output kept.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { constants } from "node:os";
import { delimiter, resolve as resolvePath } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BowlineError, type Place } from "../../lib/index.ts";
import type { MountSpace } from "../../git/index.ts";
import type { Ended } from "../executor.ts";
import { endProcesses } from "./end-processes.ts";

export interface JobCommand {
  command: readonly string[];
  cwd: string;
  env: Record<string, string>;
  output: (stream: "stdout" | "stderr", chunk: Buffer) => void;
  /** For errors. */
  place?: Place | undefined;
  /** Where it is started, if anything is mounted there. */
  mounts: MountSpace;
}

export interface JobProcess {
  /** Its process group, which is its own; absent when it could not be started. */
  group?: number;
  ended: Promise<Ended>;
}

/** What a process leaves behind in its group gets so long between TERM and KILL, in milliseconds. */
const LEFTOVER_GRACE = 1_000;

/** How long output is awaited after the end of a process that left its pipes to others, in milliseconds. */
const DRAIN_TIME = 2_000;

const ABSENT = "ENOENT";

/** Starts a command with an empty standard input, without a terminal. Throws PATH_INVALID when its working directory is not there. */
export async function startJobProcess(job: JobCommand): Promise<JobProcess> {
  const [name = ""] = job.command;
  const words = job.mounts.enter(job.command, job.cwd);
  const refused = words === undefined ? await checkFolder(job) : await checkInside(job, name);
  if (refused !== undefined) return { ended: Promise.resolve(refused) };
  const [program = "", ...args] = words ?? job.command;
  const cwd = words === undefined ? job.cwd : "/";
  const child = spawn(program, args, { cwd, env: job.env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const failed = new Promise<Ended>((resolve) => {
    child.on("error", (error) => resolve(refusedBy(program, plainly(error, program, job))));
  });
  // too many open files: then there are no pipes either
  if (child.pid === undefined) return { ended: failed };
  const group = child.pid;
  child.stdout.on("data", (chunk: Buffer) => job.output("stdout", chunk));
  child.stderr.on("data", (chunk: Buffer) => job.output("stderr", chunk));
  const closed = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  const ended = new Promise<Ended>((resolve) => {
    child.once("exit", (code, signal) => resolve(endedBy(code, signal)));
  });
  return {
    group,
    ended: ended.then(async (result) => {
      // As in a container, nothing of it outlives its first process.
      await endProcesses({ groups: new Set([group]), grace: LEFTOVER_GRACE });
      // Whoever holds the pipes now has left the job: what it still says is not the job's.
      await Promise.race([closed, sleep(DRAIN_TIME, undefined, { ref: false })]);
      child.stdout.destroy();
      child.stderr.destroy();
      return result;
    }),
  };
}

function endedBy(code: number | null, signal: NodeJS.Signals | null): Ended {
  return signal === null ? { exitCode: code ?? 0 } : { exitCode: 128 + constants.signals[signal], signal };
}

/** execvp(3) says EACCES as well where no folder of PATH has the program and one of them is closed to this user. */
function plainly(error: NodeJS.ErrnoException, program: string, { cwd, env }: JobCommand): NodeJS.ErrnoException {
  if (error.code !== "EACCES" || program.includes("/")) return error;
  const folders = (env["PATH"] ?? "").split(delimiter);
  const isThere = folders.some((folder) => existsSync(resolvePath(cwd, folder, program)));
  return isThere ? error : Object.assign(new Error("not in PATH"), { code: ABSENT });
}

function refusedBy(program: string, error: NodeJS.ErrnoException): Ended {
  return { exitCode: error.code === ABSENT ? 127 : 126, refused: refusal(program, error) };
}

function refusal(program: string, error: NodeJS.ErrnoException): string {
  if (error.code === ABSENT) return `the command "${program}" is not there: it is not in the job's PATH`;
  if (error.code === "EACCES") return `the command "${program}" may not be run`;
  return `the command "${program}" cannot be started: ${error.message}`;
}

async function checkFolder(job: JobCommand): Promise<undefined> {
  const there = await stat(job.cwd).catch(() => undefined);
  if (there?.isDirectory() !== true) throw folderMissing(job);
}

/** What is mounted is not seen from here: the same, asked in there. */
async function checkInside(job: JobCommand, program: string): Promise<Ended | undefined> {
  const found = await job.mounts.examine({ program, folder: job.cwd, path: job.env["PATH"] });
  if (found === "no folder") throw folderMissing(job);
  if (found === undefined) return undefined;
  const code = found === "no program" ? ABSENT : "EACCES";
  return refusedBy(program, Object.assign(new Error(code), { code }));
}

function folderMissing({ cwd, place }: JobCommand): BowlineError {
  return new BowlineError({
    code: "PATH_INVALID",
    message: `the working directory "${cwd}" is not there`,
    hint: "set workingDir to a folder that an init step makes, or leave it out",
    ...(place === undefined ? {} : { place }),
  });
}
