import type { JobGitFiles } from "./job-git.ts";

/** How often it is looked whether a secret was changed that git in a job uses, in milliseconds. */
const INTERVAL = 2_000;

/** Keeps the files of each running container's git true, until it is closed; then nothing is written any more. */
export interface Following {
  containers: Set<JobGitFiles>;
  close: () => Promise<void>;
}

export function followSecrets(): Following {
  const containers = new Set<JobGitFiles>();
  let work: Promise<unknown> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    work = Promise.all([...containers].map(({ follow }) => follow())).finally(() => (busy = false));
  }, INTERVAL);
  return {
    containers,
    async close() {
      clearInterval(timer);
      await work;
    },
  };
}
