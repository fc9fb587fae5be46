import { spawnSync } from "node:child_process";
import type { ProcessEntry, ProcessTable } from "./process-table.ts";

/** macOS: ps(1) and sysctl(8) tell; the environment of a process is shown to its own user only. */
export const darwinProcesses: ProcessTable = {
  boot: () => output("/usr/sbin/sysctl", ["-n", "kern.boottime"]).trim(),
  namespace: () => "",
  startOf: (pid) => output("/bin/ps", ["-o", "lstart=", "-p", String(pid)]).trim() || undefined,
  list: () => lines(output("/bin/ps", ["-axo", "pid=,ppid=,pgid=,stat="])).flatMap(entryOf),
  carrying: (assignment) =>
    new Set(
      lines(output("/bin/ps", ["-axeww", "-o", "pid=,command="]))
        .filter((line) => line.includes(` ${assignment}`))
        .map((line) => Number.parseInt(line, 10)),
    ),
};

function entryOf(line: string): ProcessEntry[] {
  const [pid, parent, group, state] = line.trim().split(/\s+/);
  if (state === undefined || state.startsWith("Z")) return [];
  return [{ pid: Number(pid), parent: Number(parent), group: Number(group) }];
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

function output(program: string, args: string[]): string {
  return spawnSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).stdout ?? "";
}
