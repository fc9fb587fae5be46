import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { BowlineError, type ProblemInput } from "../../../lib/index.ts";
import { abortError } from "../../failures.ts";
import { areProcessorsBusy } from "../../processors.ts";
import { DamagedTree, unpackPiece, type Piece } from "./unpack-piece.ts";

export interface WeighedPiece extends Piece {
  /** How long it takes, in files to be made. */
  weight: number;
}

/** What another thread is sent: it stops where `stop` is not 0. */
export interface PieceOrder {
  piece: Piece;
  stop: Int32Array;
}

/** What it answers; nothing of this when all is written. */
export interface PieceFailure {
  damaged?: string;
  problems?: readonly ProblemInput[];
  other?: string;
}

interface Task extends PieceOrder {
  weight: number;
  /** With what went wrong. */
  end: (error?: unknown) => void;
}

interface Thread {
  worker: Worker;
  /** Its code is there. */
  ready: boolean;
  task?: Task | undefined;
  /** It ends when this is over. */
  rest?: NodeJS.Timeout | undefined;
}

/** So much in files waiting is worth the start of a thread, which takes 30 ms of a processor: some 50 ms where one is free, else 130. */
const WORTH = 4_000;
const WORTH_BUSY = 10_000;
/** Threads besides this one: more of them wait for the file system. */
const MOST = 3;
/** A thread that has had nothing to do for so long is ended: it holds some MB. */
const REST = 1_000;

const waiting: Task[] = [];
const threads = new Set<Thread>();
let isWritingHere = false;
let mayStart = true;

/**
 * Writes the pieces: in this thread, one after the other with whatever else it has to do in between, and in others where much is waiting. All of them have
 * ended when this does. Throws the first error, or what the signal was aborted for.
 */
export async function unpackPieces(pieces: readonly WeighedPiece[], signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw abortError(signal);
  const stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const stopAll = (): void => void Atomics.store(stop, 0, 1);
  const errors: unknown[] = [];
  signal.addEventListener("abort", stopAll);
  const writing = pieces.map(
    ({ weight, ...piece }) =>
      new Promise<void>((done) => {
        const end = (error?: unknown): void => {
          if (error !== undefined) errors.push(error);
          if (error !== undefined) stopAll();
          done();
        };
        waiting.push({ piece, weight, stop, end });
      }),
  );
  handOut();
  await Promise.all(writing);
  signal.removeEventListener("abort", stopAll);
  if (signal.aborted) throw abortError(signal);
  if (errors.length > 0) throw errors[0];
}

function handOut(): void {
  for (const thread of threads) {
    if (waiting.length > 0 && thread.ready && thread.task === undefined) giveNext(thread);
  }
  if (!isWritingHere && waiting.length > 0) void writeHere();
  const most = Math.min(MOST, availableParallelism() - 1);
  const weight = waiting.reduce((sum, task) => sum + task.weight, 0);
  if (!mayStart || weight <= WORTH || threads.size >= most) return;
  const worth = areProcessorsBusy() ? WORTH_BUSY : WORTH;
  for (let left = weight; mayStart && left > worth && threads.size < most; left -= worth) start();
}

async function writeHere(): Promise<void> {
  isWritingHere = true;
  for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
    try {
      for (const _ of isStopped(task) ? [] : unpackPiece(task.piece)) {
        await nextTurn();
        if (isStopped(task)) break;
      }
      task.end();
    } catch (error) {
      task.end(error);
    }
  }
  isWritingHere = false;
}

function isStopped({ stop }: Task): boolean {
  return Atomics.load(stop, 0) !== 0;
}

function start(): void {
  let worker: Worker;
  try {
    worker = new Worker(builtFile("unpack-thread.cjs"), { execArgv: [] });
  } catch {
    mayStart = false;
    return;
  }
  const thread: Thread = { worker, ready: false };
  threads.add(thread);
  worker.unref();
  worker.on("message", (answer: "ready" | PieceFailure) => {
    thread.ready = true;
    if (answer !== "ready") thread.task?.end(errorOf(answer));
    thread.task = undefined;
    giveNext(thread);
  });
  worker.on("error", ({ message }) => gone(thread, message));
  worker.on("exit", () => gone(thread, "no reason is known"));
}

/** A task, or a rest, in which it keeps no process alive. */
function giveNext(thread: Thread): void {
  clearTimeout(thread.rest);
  thread.rest = undefined;
  const task = waiting.shift();
  if (task === undefined) {
    thread.worker.unref();
    thread.rest = setTimeout(() => void thread.worker.terminate(), REST).unref();
    return;
  }
  thread.task = task;
  thread.worker.ref();
  thread.worker.postMessage({ piece: task.piece, stop: task.stop } satisfies PieceOrder);
}

/** Where there can be no other threads, this one does all. */
function gone(thread: Thread, why: string): void {
  threads.delete(thread);
  clearTimeout(thread.rest);
  if (!thread.ready) mayStart = false;
  thread.task?.end(
    new BowlineError({
      code: "SYSTEM_LIMIT",
      message: `a thread that was writing files has ended: ${why}`,
      hint: "see whether there is memory enough (the container's limits), then run the command again",
    }),
  );
  thread.task = undefined;
}

function errorOf({ damaged, problems, other }: PieceFailure): Error | undefined {
  if (damaged !== undefined) return new DamagedTree(damaged);
  if (problems !== undefined) return new BowlineError(problems);
  return other === undefined ? undefined : new Error(other);
}

/** A file of the build, for the code that stands there and for that of the source. */
function builtFile(name: string): string {
  const root = /^(.*)[/\\](?:dist|src)(?:[/\\]|$)/.exec(import.meta.dirname)?.[1] ?? import.meta.dirname;
  return join(root, "dist", name);
}
