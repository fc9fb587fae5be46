import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import type { Writable } from "node:stream";
import { BowlineError, errnoOf, limitError, writeError } from "../../lib/index.ts";
import { abortError } from "../failures.ts";
import { groupWatch } from "./group-watch.ts";

/** One start of git. */
export interface GitStart {
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  /** An open file that git finds as descriptor 3. */
  descriptor?: number | undefined;
  /** Whether it waits for others: then it must not outlive this process, however that ends. */
  reachesOut: boolean;
  signal: AbortSignal;
  input?: GitInput | undefined;
  /** Gets git's progress and remarks, line by line. */
  onLine?: ((line: string) => void) | undefined;
}

/** What git reads: at once, or as it comes, several pieces at a time. */
export type GitInput = string | Buffer | AsyncIterable<Buffer[]>;

export interface GitExit {
  /** 128 and the number of a signal that ended it. */
  code: number;
  stdout: Buffer;
  /** The last 64 KiB. */
  stderr: string;
}

const MAX_STDOUT = 256 * 1024 * 1024;
const MAX_STDERR = 64 * 1024;
const GRACE = 2_000;

/** After this time, in milliseconds, a git that works on this machine only is watched too: a short one is not worth a shell. */
const LONG = 100;

/**
 * Starts git in a process group of its own and waits for its end. When the signal is aborted the whole group gets TERM, then KILL;
 * when this process is killed, KILL.
 * Throws what the signal was aborted for, what reading the input threw, GIT_MISSING or SYSTEM_LIMIT; any exit code is an answer.
 */
export function startGit(start: GitStart): Promise<GitExit> {
  const { signal } = start;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortError(signal));
    const child = spawnGit(start);
    child.on("error", (error) => reject(startError(error, start)));
    // where it could not be started there may be no pipes either; the error follows
    if (child.pid === undefined) return;
    const end = endGroup(child);
    const unwatch = watchGroup(child, start.reachesOut ? 0 : LONG);
    signal.addEventListener("abort", end.begin, { once: true });
    const stdout: Buffer[] = [];
    let length = 0;
    child.stdout!.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_STDOUT) end.begin();
      else stdout.push(chunk);
    });
    const stderr = collectLines(child, start.onLine);
    let fault: unknown;
    if (start.input !== undefined) {
      feed(child.stdin!, start.input).catch((error: unknown) => {
        fault = error;
        end.begin();
      });
    }
    child.on("close", (code, endedBy) => {
      end.finish();
      unwatch();
      signal.removeEventListener("abort", end.begin);
      if (signal.aborted) return reject(abortError(signal));
      if (fault !== undefined) return reject(fault as Error);
      resolve({
        code: code ?? 128 + constants.signals[endedBy ?? "SIGKILL"],
        stdout: Buffer.concat(stdout),
        stderr: stderr() + (endedBy ? `\nfatal: ended by ${endedBy}` : ""),
      });
    });
  });
}

/** What Node throws, of a system call that it does not expect to fail, is told as well. */
function spawnGit(start: GitStart): ChildProcess {
  try {
    return spawn("git", start.args, {
      cwd: start.cwd,
      env: start.env,
      detached: true,
      stdio: [start.input === undefined ? "ignore" : "pipe", "pipe", "pipe", start.descriptor ?? "ignore"],
    });
  } catch (error) {
    throw startError(error, start);
  }
}

/** Gives what ends the watch. */
function watchGroup({ pid }: ChildProcess, delay: number): () => void {
  if (pid === undefined) return () => undefined;
  let watched = false;
  const begin = (): void => {
    groupWatch().add(pid);
    watched = true;
  };
  const timer = delay > 0 ? setTimeout(begin, delay) : undefined;
  if (timer === undefined) begin();

  return () => {
    clearTimeout(timer);
    if (watched) groupWatch().drop(pid);
  };
}

/** Writes no faster than git reads. A git that ends before the input does is not an error here: its exit code says what it is. */
async function feed(stdin: Writable, input: GitInput): Promise<void> {
  stdin.on("error", () => undefined);
  if (typeof input === "string" || Buffer.isBuffer(input)) return void stdin.end(input);
  for await (const pieces of input) {
    if (stdin.destroyed) return;
    stdin.cork();
    for (const piece of pieces) stdin.write(piece);
    stdin.uncork();
    if (stdin.writableNeedDrain) await drained(stdin);
  }
  stdin.end();
}

function drained(stdin: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stdin.off("drain", done).off("close", done);
      resolve();
    };
    stdin.on("drain", done).on("close", done);
  });
}

function endGroup(child: ChildProcess): { begin: () => void; finish: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const kill = (name: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // the group is gone
    }
  };
  return {
    begin() {
      kill("SIGTERM");
      timer ??= setTimeout(() => kill("SIGKILL"), GRACE);
    },
    finish() {
      // git itself is gone; a helper that it left behind goes too
      if (timer !== undefined) kill("SIGKILL");
      clearTimeout(timer);
    },
  };
}

function collectLines(child: ChildProcess, onLine: ((line: string) => void) | undefined): () => string {
  let kept = "";
  let open = "";
  child.stderr!.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (open + chunk).split(/[\r\n]/);
    open = (lines.pop() ?? "").slice(-MAX_STDERR);
    for (const line of lines) {
      onLine?.(line);
      if (!/\d+% \(\d+\/\d+\)/.test(line)) kept = `${kept}${line}\n`.slice(-MAX_STDERR);
    }
  });
  return () => kept + open;
}

function startError(cause: unknown, { cwd }: GitStart): BowlineError {
  const limit = limitError("git cannot be started", cause);
  if (limit !== undefined) return limit;
  const errno = errnoOf(cause);
  // what is missing may be what it was to be started with
  const gone = errno === "ENOENT" ? [cwd, "/dev/null"].find((path) => !existsSync(path)) : undefined;
  if (gone !== undefined) return writeError(gone, cause);
  if (errno === "ENOENT") return missing("git is not installed, or not in PATH", cause);
  return missing(`git cannot be started (${errno ?? String(cause)})`, cause);
}

function missing(message: string, cause: unknown): BowlineError {
  return new BowlineError({ code: "GIT_MISSING", message, hint: "install git 2.34 or newer" }, { cause });
}
