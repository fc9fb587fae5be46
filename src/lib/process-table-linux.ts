import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { ProcessEntry, ProcessTable } from "./process-table.ts";

/** Linux: everything is in /proc, see proc(5). */
export const linuxProcesses: ProcessTable = {
  boot: () => readText("/proc/sys/kernel/random/boot_id")?.trim() ?? "",
  namespace: () => readLink("/proc/self/ns/pid"),
  startOf: (pid) => {
    const fields = statFields(pid);
    return fields === undefined || isGone(fields) ? undefined : fields[START];
  },
  list: () => pids().flatMap(entryOf),
  carrying: (assignment) =>
    new Set(pids().filter((pid) => readText(`/proc/${pid}/environ`)?.split("\0").includes(assignment))),
};

/** Fields of /proc/PID/stat, counted from the one after the name: state, parent, group … start. */
const STATE = 0;
const PARENT = 1;
const GROUP = 2;
const START = 19;

function pids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function entryOf(pid: number): ProcessEntry[] {
  const fields = statFields(pid);
  if (fields === undefined || isGone(fields)) return [];
  return [{ pid, parent: Number(fields[PARENT]), group: Number(fields[GROUP]) }];
}

function isGone(fields: readonly string[]): boolean {
  return fields[STATE] === "Z" || fields[STATE] === "X";
}

function statFields(pid: number): string[] | undefined {
  const text = readText(`/proc/${pid}/stat`);
  // The name is in parentheses and may hold any character, these too.
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
