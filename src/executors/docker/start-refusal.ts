import { BowlineError } from "../../lib/index.ts";
import type { Ended } from "../executor.ts";
import { at } from "../plan-check.ts";
import { DockerError, refusal } from "./client/errors.ts";
import type { ContainerJob } from "./container-job.ts";

/** A container that the engine does not start, because of its command; every other reason is thrown as RUN_FAILED or DISK_FULL. */
export function startRefusal(said: string, { job }: { job: ContainerJob }): Ended {
  const refused = said.replace(/^.*(?:OCI runtime create failed|failed to create task)[^:]*: /, "");
  if (/executable file not found|no such file or directory/.test(said)) return { exitCode: 127, refused };
  if (/permission denied|exec format error|is a directory/.test(said)) return { exitCode: 126, refused };
  throw new BowlineError({
    message: `the container of "${job.log}" cannot be started: ${refused}`,
    ...refusal(said, { code: "RUN_FAILED", hint: hintFor(said) }),
    ...at(job.container.place),
  });
}

/** What the engine refuses of a container's settings, in its own words. */
export function refusedStart(error: unknown, name: string): unknown {
  if (!(error instanceof DockerError)) return error;
  return new BowlineError(
    {
      message: `the engine does not make the container ${name}: ${error.said}`,
      ...refusal(error.said, { code: "RUN_FAILED", hint: hintFor(error.said) }),
    },
    { cause: error },
  );
}

function hintFor(said: string): string {
  if (/port is already allocated|address already in use/.test(said))
    return "another program has the port: end it, or take another one in `ports`";
  if (/bind source path does not exist/.test(said))
    return "the engine sees no folders of this machine: set BOWLINE_HOME to one that it shares, or name the engine by tcp:// or ssh://";
  if (/CPUs/.test(said)) return "ask for fewer cores in resources.limits.cpu, or use a machine that has them";
  if (/device driver|nvidia|gpu/i.test(said)) return "the engine needs the NVIDIA container toolkit to give out GPUs";
  return "what the engine says is above; the plan is shown by: bowline check -f FILE -o json";
}
