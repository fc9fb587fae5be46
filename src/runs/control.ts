import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writePrivateFile } from "../lib/index.ts";
import type { StopOptions } from "./runs.ts";

/**
 * How another process asks a supervisor to end its run: by a file in the run's folder. That works for a library that handles no
 * signals, from another host on a shared folder, and where the store cannot be written.
 */
export interface Control {
  stop: AbortSignal;
  kill: AbortSignal;
  close: () => void;
}

/** How often a supervisor looks, in milliseconds. */
const INTERVAL = 200;

/** Asks for the end; a later request may only be stronger. */
export async function requestStop(runFolder: string, { grace, kill = false }: StopOptions): Promise<void> {
  await writePrivateFile(
    join(controlFolder(runFolder), kill ? "kill" : "stop"),
    grace === undefined ? "" : String(grace),
  );
}

/** Signals that follow the files and whoever is attached. */
export function watchControl(runFolder: string, attached: { stop?: AbortSignal; kill?: AbortSignal }): Control {
  const stop = new AbortController();
  const kill = new AbortController();
  let looking = false;
  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    const [stopText, killText] = await Promise.all(["stop", "kill"].map((name) => readIfThere(runFolder, name)));
    if (killText !== undefined) kill.abort();
    // The grace is the reason; an unreadable one is the executor's own.
    if (stopText !== undefined) stop.abort(/^\d+$/.test(stopText) ? Number(stopText) : undefined);
    looking = false;
  }
  const timer = setInterval(() => void look(), INTERVAL);
  void look();
  return {
    stop: anyOf(stop.signal, attached.stop),
    kill: anyOf(kill.signal, attached.kill),
    close: () => clearInterval(timer),
  };
}

function anyOf(own: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? own : AbortSignal.any([own, other]);
}

function controlFolder(runFolder: string): string {
  return join(runFolder, "control");
}

function readIfThere(runFolder: string, name: string): Promise<string | undefined> {
  return readFile(join(controlFolder(runFolder), name), "utf8").catch(() => undefined);
}
