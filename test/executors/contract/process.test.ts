import { readdirSync, readFileSync } from "node:fs";
import { contract } from "./contract.ts";
import { setLocalSecret } from "./harness.ts";

contract({
  executor: "process",
  absent: undefined,
  host: "127.0.0.1",
  config: "process",
  images: { shell: "busybox:local", git: "bowline:test" },
  reaching: "{}",
  setSecret: setLocalSecret,
  leftOf: (uuid) => Promise.resolve(processesOf(uuid)),
  otherwise: {
    "no images": "a process runs the commands of this machine",
    "no other user": "a process belongs to whoever started it",
    "no replicas": "the ports of a process are its own: two copies would want the same",
    "no limits": "a process has what this machine has",
  },
});

/** Processes that carry the mark of a run. */
function processesOf(uuid: string): string[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/environ`, "latin1").includes(`BOWLINE_RUN_UUID=${uuid}`);
    } catch {
      return false;
    }
  });
}
