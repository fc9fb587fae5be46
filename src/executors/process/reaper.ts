import { spawn } from "node:child_process";
import type { Writable } from "node:stream";

/** Ends a run's processes if its supervisor dies, even by KILL: a shell in a session of its own whose pipe breaks then. */
export interface Reaper {
  /** One more process group to end. */
  watch: (group: number) => void;
  /** The run ended in order: nothing is left to do. */
  dismiss: () => void;
}

/**
 * Arguments: assignment, seconds of grace, folder of private files. While the supervisor lives it reads groups, a line each. At the end of
 * the input it signals them and everything that carries the assignment. Linux has the environments in /proc, macOS in `ps -E`.
 */
const SCRIPT = `
trap '' HUP INT TERM
assignment=$1 grace=$2 private=$3 groups=
while read -r word; do
  [ "$word" = done ] && exit 0
  groups="$groups -$word"
done
carrying() {
  if [ -d /proc/self ]; then
    grep -laF -- "$assignment" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ pid _; do echo "$pid"; done
  else
    ps -axeww -o pid=,command= | grep -F -- " $assignment" | while read -r pid _; do echo "$pid"; done
  fi
}
end() { for pid in $groups $(carrying); do kill -s "$1" -- "$pid" 2>/dev/null; done; }
left() { for pid in $groups $(carrying); do kill -s 0 -- "$pid" 2>/dev/null && return 0; done; return 1; }
end TERM
while [ "$grace" -gt 0 ] && left; do sleep 1; grace=$((grace - 1)); done
end KILL
rm -rf -- "$private"
`;

export interface ReaperOptions {
  /** `NAME=value` that the run's processes carry. */
  assignment: string;
  /** Milliseconds. */
  grace: number;
  /** Removed at the end, too. */
  privateFolder: string;
}

export function startReaper(options: ReaperOptions): Reaper {
  const seconds = String(Math.ceil(options.grace / 1000));
  const reaper = spawn(
    "/bin/sh",
    ["-c", SCRIPT, "bowline-reaper", options.assignment, seconds, options.privateFolder],
    {
      // A session of its own, so that no signal to the supervisor's group reaches it, and an environment without the run's mark.
      detached: true,
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
      stdio: ["pipe", "ignore", "ignore"],
    },
  );
  // It could not be started, or was ended by somebody: the next command ends what is left.
  reaper.on("error", () => {}).unref();
  const input: Writable | undefined = reaper.pid === undefined ? undefined : reaper.stdin;
  input?.on("error", () => {});
  return {
    watch: (group) => void input?.write(`${group}\n`),
    dismiss: () => void input?.end("done\n"),
  };
}
