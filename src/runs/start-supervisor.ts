import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";

export interface SupervisorStart {
  uuid: string;
  folder: string;
  command: readonly string[];
  env: Readonly<NodeJS.ProcessEnv>;
}

/** A process of its own that supervises a run. */
export interface Supervisor {
  isGone: () => boolean;
  /** The file with what it says. */
  words: string;
}

export function startSupervisor({ uuid, folder, command, env }: SupervisorStart): Supervisor {
  const [program = "", ...args] = command;
  const words = join(folder, "supervisor.log");
  const file = openSync(words, "a", 0o600);
  // One that is started inside of another run's job belongs to itself: without that run's mark it is not ended with it.
  const { BOWLINE_RUN_UUID: _outer, ...own } = env;
  const child = spawn(program, [...args, uuid], { detached: true, env: own, stdio: ["ignore", file, file] });
  closeSync(file);
  let gone = false;
  child.once("error", () => (gone = true));
  child.once("exit", () => (gone = true));
  child.unref();
  return { isGone: () => gone, words };
}
