import { spawn } from "node:child_process";
import type { Socket } from "node:net";

/** Process groups that are to end when this process does, even by KILL: a shell in a session of its own whose pipe breaks then. */
export interface GroupWatch {
  add: (group: number) => void;
  /** The group ended in order; its number may soon be another's. */
  drop: (group: number) => void;
}

const SCRIPT = `
trap '' HUP INT TERM
groups=
while read -r word group; do
  kept=
  for each in $groups; do [ "$each" = "$group" ] || kept="$kept $each"; done
  groups=$kept
  [ "$word" = add ] && groups="$groups $group"
done
for each in $groups; do kill -s KILL -- "-$each" 2>/dev/null; done
`;

let watch: GroupWatch | undefined;

/** The watch of this process, started when it is first asked for; it ends with this process. Where it cannot be started, git's own time limits are left. */
export function groupWatch(): GroupWatch {
  watch ??= startWatch();
  return watch ?? NOBODY;
}

const NOBODY: GroupWatch = { add: () => undefined, drop: () => undefined };

function startWatch(): GroupWatch | undefined {
  const shell = startShell();
  // This process does not wait for it, and goes on without it where somebody ended it.
  shell?.on("error", () => undefined).unref();
  // too many open files: then there are no pipes either
  if (shell?.pid === undefined) return undefined;
  const { stdin } = shell;
  stdin.on("error", () => undefined);
  (stdin as Socket).unref();
  return {
    add: (group) => void stdin.write(`add ${group}\n`),
    drop: (group) => void stdin.write(`drop ${group}\n`),
  };
}

function startShell() {
  try {
    return spawn("/bin/sh", ["-c", SCRIPT, "bowline-group-watch"], {
      // A session of its own: no signal to this process's group ends it.
      detached: true,
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
      stdio: ["pipe", "ignore", "ignore"],
    });
  } catch {
    return undefined;
  }
}
