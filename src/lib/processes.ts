import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { darwinProcesses } from "./process-table-darwin.ts";
import { linuxProcesses } from "./process-table-linux.ts";
import type { ProcessEntry, ProcessTable } from "./process-table.ts";

/** Enough to tell a process from a later one with the same number, and to know who may judge that. */
export interface ProcessIdentity {
  host: string;
  boot: string;
  pid: number;
  start: string;
}

const processTable: ProcessTable = process.platform === "darwin" ? darwinProcesses : linuxProcesses;

export function ownIdentity(): ProcessIdentity {
  return {
    host: hostIdentity(),
    boot: processTable.boot(),
    pid: process.pid,
    start: processTable.startOf(process.pid) ?? "",
  };
}

/** Whether the process is there; undefined when it belongs to another host, which alone can tell. */
export function isAlive(identity: ProcessIdentity): boolean | undefined {
  if (identity.host !== hostIdentity()) return undefined;
  // without /proc nothing is known of any process: then all of them count as alive
  return identity.boot === processTable.boot() && (processTable.startOf(identity.pid) ?? "") === identity.start;
}

/** This process's identity as a part of a file name, for what must be marked and made in one step. */
export function ownMark(): string {
  const { host, boot, pid, start } = ownIdentity();
  return [digest(host), digest(boot), pid, digest(start)].join("-");
}

/** Whether the process that `ownMark` named is there; undefined when it belongs to another host, or the text is no mark. */
export function isMarkAlive(mark: string): boolean | undefined {
  const [host, boot, pid, start] = mark.split("-");
  if (host !== digest(hostIdentity())) return undefined;
  return boot === digest(processTable.boot()) && start === digest(processTable.startOf(Number(pid)) ?? "");
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** Two containers of one machine share a boot but not their process numbers, so these are part of the name. */
function hostIdentity(): string {
  const namespace = processTable.namespace();
  return namespace === "" ? hostname() : `${hostname()} ${namespace}`;
}

/** The living processes of these groups, those that carry the assignment in their environment, and all that came from them; never this one. */
export function findProcesses(wanted: { groups: ReadonlySet<number>; assignment?: string }): ProcessEntry[] {
  const all = processTable.list().filter(({ pid }) => pid !== process.pid);
  const { groups, assignment } = wanted;
  const found = assignment === undefined ? new Set<number>() : processTable.carrying(assignment);
  for (const { pid, group } of all) if (groups.has(group)) found.add(pid);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all.filter(({ pid }) => found.has(pid));
}
