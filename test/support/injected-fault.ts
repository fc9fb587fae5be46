import { spawnSync } from "node:child_process";

/** A call to the system that fails: every one of this name, or those that have to do with one path. */
export interface InjectedFault {
  call: string;
  /** Such as EIO. */
  error: string;
  path?: string;
  /** From which one on, counted by each thread; the first when absent. */
  from?: number;
}

/** Whether calls to the system can be made to fail here: by strace, where this user may trace. */
export const canInject = spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;

/** What starts a program whose calls then fail so, and those of its children. */
export function withFault({ call, error, path, from = 1 }: InjectedFault): string[] {
  const where = path === undefined ? [] : ["-P", path];
  return ["strace", "-f", "-qq", "-o", "/dev/null", ...where, "-e", `inject=${call}:error=${error}:when=${from}+`];
}
