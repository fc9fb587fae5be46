import { runAttempts } from "../attempts.ts";
import type { Ended, Outcome } from "../executor.ts";
import type { Found, Running } from "./container-job.ts";
import type { DockerRun } from "./docker-run.ts";

/** How often a container is started anew because the engine itself was restarted and ended it. */
const RESTARTS = 3;

/** Runs the main container with its sidecars, of a service as many copies as it wants, until the first of them is over for good. */
export async function runMain(run: DockerRun, found: readonly Found[]): Promise<Outcome> {
  const replicas = run.plan.kind === "service" ? run.plan.replicas : 1;
  const copies = Array.from({ length: replicas }, (_, index) => runCopy(run, { replica: index + 1, found }));
  // The end of the run, which follows, ends the others.
  for (const copy of copies) copy.catch(() => {});
  return Promise.race(copies);
}

interface Copy {
  replica: number;
  found: readonly Found[];
}

function runCopy(run: DockerRun, { replica, found }: Copy): Promise<Outcome> {
  const { plan, context, ending } = run;
  const end = replica === 1 ? "" : `-${replica}`;
  const log = `main${end}`;
  const resumed = found.filter((each) => each.log === log).sort((one, other) => other.attempt - one.attempt)[0];
  let before: string | undefined;
  return runAttempts({
    ...{ plan, context, ending, log },
    first: resumed?.attempt ?? 1,
    async run(attempt) {
      const there = found.filter((each) => each.attempt === attempt);
      const { id, ...ended } = await runAttempt(run, { log, end, attempt, replica, before, found: there });
      before = id;
      return ended;
    },
  });
}

interface Attempt extends Copy {
  log: string;
  end: string;
  attempt: number;
  /** The container of the attempt before: it stays until now, so that whoever takes the run over sees how far it is. */
  before: string | undefined;
}

async function runAttempt(run: DockerRun, attempt: Attempt): Promise<Ended & { id: string }> {
  let { found } = attempt;
  for (let restarts = 0; ; restarts++) {
    const main = await startMain(run, { ...attempt, found });
    if (attempt.before !== undefined) await run.remove(attempt.before);
    const sidecars = await startSidecars(run, { ...attempt, found, main });
    const { byEngine, ...ended } = await main.ended;
    if (run.ending.signal.aborted) return { ...ended, id: main.id };
    await Promise.all(sidecars.map(({ id }) => run.remove(id)));
    if (!byEngine || restarts === RESTARTS) return { ...ended, id: main.id };
    run.context.onEvent({ type: "warning", warning: restarted(attempt.log) });
    await run.remove(main.id);
    found = [];
  }
}

async function startMain(run: DockerRun, { log, attempt, replica, found }: Attempt): Promise<Running> {
  const { plan, context } = run;
  const there = await usable(
    run,
    found.find((each) => each.log === log),
  );
  const published = plan.environment["hostNetwork"] === true ? [] : plan.ports;
  // The first copy has the ports as they are asked for; a port of this machine can be had once.
  const ports = new Map(published.map((port) => [port, replica === 1 ? port : 0]));
  const main = await run.start({ log, attempt, container: plan.main, ports, found: there });
  if (published.length > 0) {
    const places = await publishedPlaces(run, main.id);
    if (places !== "") context.say(log, `published on this machine: ${places}`);
  }
  return main;
}

/** They live beside the main container, in its network, and are over with it. */
async function startSidecars(
  run: DockerRun,
  { end, attempt, found, main }: Attempt & { main: Running },
): Promise<Running[]> {
  const started = await Promise.all(
    run.plan.sidecars.map(async (container) => {
      const log = `sidecar/${container.name}${end}`;
      const besides = run.plan.environment["hostNetwork"] === true ? {} : { besides: main.id };
      try {
        const there = await usable(
          run,
          found.find((each) => each.log === log),
        );
        const sidecar = await run.start({ log, attempt, container, found: there, ...besides });
        sidecar.ended.then(
          ({ exitCode, refused }) => run.context.say(log, refused ?? `ended with exit code ${exitCode}`),
          () => {},
        );
        return [sidecar];
      } catch (error) {
        if (!run.ending.signal.aborted)
          run.context.say(log, `could not be started: ${error instanceof Error ? error.message : String(error)}`);
        return [];
      }
    }),
  );
  return started.flat();
}

/** One that was made and never started may lack its files: it is made anew. */
async function usable(run: DockerRun, found: Found | undefined): Promise<Found | undefined> {
  if (found?.state !== "created") return found;
  await run.remove(found.id);
  return undefined;
}

interface Inspected {
  NetworkSettings?: { Ports?: Record<string, { HostIp: string; HostPort: string }[] | null> };
}

async function publishedPlaces({ client, patience }: DockerRun, id: string): Promise<string> {
  const { NetworkSettings } = await patience.try(() => client.ask<Inspected>("GET", `/containers/${id}/json`));
  return Object.entries(NetworkSettings?.Ports ?? {})
    .flatMap(([port, places]) =>
      (places ?? []).map(({ HostIp, HostPort }) => `${HostIp}:${HostPort} is port ${port.replace("/tcp", "")}`),
    )
    .join(", ");
}

function restarted(log: string) {
  return {
    code: "ENGINE_RESTARTED",
    message: `the Docker Engine was restarted and ended "${log}" with it: it is started again, which is no attempt of maxRetries`,
    hint: "with live-restore in /etc/docker/daemon.json the engine leaves containers alone when it is restarted",
  };
}
