/** What Bowline asks the system about processes; the answer of each system is in a file of its own. */
export interface ProcessTable {
  /** Differs after every boot. */
  boot: () => string;
  /** Of the process numbers: those of another namespace mean other processes. */
  namespace: () => string;
  /** When a process started, in the system's own notation; undefined when there is none of this number. */
  startOf: (pid: number) => string | undefined;
  /** Every process that lives; those that only wait to be reaped are left out. */
  list: () => ProcessEntry[];
  /** Those that were started with this `NAME=value` in their environment, as far as that may be read. */
  carrying: (assignment: string) => Set<number>;
}

export interface ProcessEntry {
  pid: number;
  parent: number;
  group: number;
}
