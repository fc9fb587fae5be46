/** Who watches over a run: enough to tell a process from a later one of the same number. */
export interface SupervisorIdentity {
  /** Only this host may judge: its name and its process numbers' namespace. */
  host: string;
  /** Changes with every boot. */
  boot: string;
  pid: number;
  /** When the process started, as the system tells it. */
  start: string;
}
