import type { ContainerPlan, Plan } from "../../compile/index.ts";
import { BowlineError } from "../../lib/index.ts";
import type { Ending } from "../ending.ts";
import type { Ended, ExecutionContext } from "../executor.ts";
import { followSecrets } from "../follow-secrets.ts";
import type { DockerClient } from "./client/client.ts";
import { DockerError, gone, isGone, isStatus } from "./client/errors.ts";
import { containerBody, type ContainerBody } from "./container-body.ts";
import type { ContainerJob, Found, Running } from "./container-job.ts";
import { followLogs } from "./container-logs.ts";
import { containerIdOf, containerLabels, containerName, ofRun, runLabels } from "./labels.ts";
import { createPatience, type Patience } from "./patience.ts";
import type { SharedFolders } from "./shared-folders.ts";
import { refusedStart, startRefusal } from "./start-refusal.ts";
import { createOwners } from "./owners.ts";
import type { Owner } from "./user.ts";
import { volumeBinds } from "./volumes.ts";

/** The containers of one run: what they have in common, and how all of them end. */
export interface DockerRun {
  plan: Plan;
  context: ExecutionContext;
  client: DockerClient;
  ending: Ending;
  patience: Patience;
  /** Everything that is there already: none but in a run that is resumed. */
  list: () => Promise<Found[]>;
  remove: (id: string) => Promise<void>;
  /** Has the image ready, and tells who the container runs as. */
  ownerOf: (container: ContainerPlan) => Promise<Owner>;
  /** Makes the network that the run's containers share. */
  openNetwork: () => Promise<void>;
  /** Makes and starts a container, or goes on with the one that is there. */
  start: (job: ContainerJob) => Promise<Running>;
  /** Ends whatever still lives of the run, and removes all that the engine has of it. */
  close: () => Promise<void>;
}

interface State {
  Status: string;
  Running: boolean;
  ExitCode: number;
  OOMKilled: boolean;
  Error: string;
}

export interface DockerRunInput {
  context: ExecutionContext;
  client: DockerClient;
  ending: Ending;
  folders: SharedFolders;
}

export function openDockerRun(plan: Plan, input: DockerRunInput): DockerRun {
  const { context, client, ending } = input;
  const { uuid } = context;
  const name = `bowline-${uuid}`;
  const patience = createPatience(client, input);
  const following = followSecrets();
  const running = new Map<string, Promise<unknown>>();
  const owners = createOwners({ plan, context, client, patience, ending, remove });
  let network = name;
  let stopped: Promise<void> | undefined;

  async function list(): Promise<Found[]> {
    const query = { all: 1, filters: ofRun(uuid) };
    const all = await patience.try(() =>
      client.ask<{ Id: string; State: string; Labels: Record<string, string> }[]>("GET", "/containers/json", { query }),
    );
    return all.map(({ Id, State: state, Labels }) => ({ id: Id, state, ...containerIdOf(Labels) }));
  }

  function remove(id: string): Promise<void> {
    return patience.try(() => gone(client.ask("DELETE", `/containers/${id}`, { query: { force: 1, v: 1 } })));
  }

  async function openNetwork(): Promise<void> {
    if (plan.environment["hostNetwork"] === true) return;
    try {
      const body = { Name: name, CheckDuplicate: true, Driver: "bridge", Labels: runLabels(uuid, plan) };
      await patience.try(() => client.ask("POST", "/networks/create", { body }));
    } catch (error) {
      if (isStatus(error, 409)) return;
      if (!(error instanceof DockerError) || !/address pool|non-overlapping/i.test(error.said)) throw error;
      network = "bridge";
      context.onEvent({ type: "warning", warning: NO_NETWORK });
    }
  }

  async function make(job: ContainerJob): Promise<{ id: string; git: ContainerBody["git"] }> {
    const { container, found } = job;
    const labels = containerLabels(uuid, plan, job);
    let id = found?.id ?? "";
    const owner = await owners(container);
    const volumes = volumeBinds(container, plan, (volume) => `${name}-${volume}`);
    const upload = (folder: string, archive: Buffer): Promise<unknown> =>
      client.ask("PUT", `/containers/${id}/archive`, { query: { path: folder }, archive });
    const { body, git, fill } = await containerBody({
      ...{ plan, context, container, labels, owner },
      connections: job.connections ?? container.connections,
      more: job.more,
      mounts: await input.folders.mounts(),
      files: job.files ?? new Map(),
      rootFiles: input.folders.files(),
      binds: volumes.binds,
      networkMode: job.besides === undefined ? network : `container:${job.besides}`,
      ports: job.ports ?? new Map(),
      upload: async (folder, archive) => void (await upload(folder, archive)),
    });
    if (found === undefined) {
      for (const volume of volumes.empty) {
        const wanted = { Name: `${name}-${volume}`, Labels: runLabels(uuid, plan) };
        await patience.try(() => client.ask("POST", "/volumes/create", { body: wanted }));
      }
      id = await patience.try(() => create(client, { name: containerName(uuid, job), body }));
    }
    await patience.try(fill);
    return { id, git };
  }

  async function start(job: ContainerJob): Promise<Running> {
    const { id, git } = await make(job);
    if (job.found === undefined) {
      if (ending.signal.aborted) return { id, ended: Promise.resolve({ exitCode: 143, byEngine: false }) };
      try {
        await patience.try(() => client.ask("POST", `/containers/${id}/start`));
      } catch (error) {
        if (!(error instanceof DockerError)) throw error;
        return { id, ended: Promise.resolve({ ...startRefusal(error.said, { job }), byEngine: false }) };
      }
    }
    context.onEvent({ type: "handle", handle: { containers: [...running.keys(), id] } });
    const ended = watch(id, job).finally(() => {
      following.containers.delete(git);
      running.delete(id);
    });
    following.containers.add(git);
    running.set(id, Promise.allSettled([ended]));
    // The end came while it started.
    if (ending.signal.aborted) void stopAll();
    return { id, ended };
  }

  async function watch(id: string, { log, capture }: ContainerJob): Promise<Ended & { byEngine: boolean }> {
    const over = new AbortController();
    const before = patience.outages();
    const logs = followLogs({ client, context, id, log, capture, over: over.signal });
    logs.catch(() => {});
    const state = await patience
      .try(() => untilOver(client, id))
      .catch((error: unknown) => {
        over.abort();
        throw isStatus(error, 404) ? containerGone(uuid, log) : error;
      });
    const byEngine = state.ExitCode !== 0 && patience.outages() > before;
    over.abort();
    await logs;
    return {
      exitCode: state.ExitCode,
      ...(state.OOMKilled && state.ExitCode !== 0 ? { outOfMemory: true } : {}),
      byEngine,
    };
  }

  async function stopAll(): Promise<void> {
    const each = (path: string, query: Record<string, number | string>) =>
      Promise.all(
        [...running.keys()].map((id) =>
          patience.try(() => gone(client.ask("POST", `/containers/${id}/${path}`, { query, silence: 0 }))),
        ),
      );
    const killing = (): void => void each("kill", { signal: "KILL" }).catch(() => {});
    context.kill.addEventListener("abort", killing, { once: true });
    if (context.kill.aborted) killing();
    else await each("stop", { t: Math.ceil(ending.grace() / 1000) }).catch(() => {});
    await Promise.all(running.values());
    context.kill.removeEventListener("abort", killing);
  }
  ending.signal.addEventListener("abort", () => void (stopped ??= stopAll()), { once: true });

  async function close(): Promise<void> {
    ending.close();
    try {
      await stopped;
      await stopAll();
      await following.close();
      for (const { id } of await list()) await remove(id);
      await removeRest(client, { uuid, patience });
    } catch (error) {
      if (!isGone(error)) throw error;
      context.onEvent({ type: "warning", warning: leftBehind(client, error as BowlineError, uuid) });
    }
  }

  return {
    ...{ plan, context, client, ending, patience, list, remove, openNetwork, start, close },
    ownerOf: owners,
  };
}

async function create(
  client: DockerClient,
  { name, body }: { name: string; body: Record<string, unknown> },
): Promise<string> {
  const ask = () => client.ask<{ Id: string }>("POST", "/containers/create", { query: { name }, body });
  try {
    return (await ask()).Id;
  } catch (error) {
    // Asked twice, because the engine went away before it answered the first time.
    if (!isStatus(error, 409)) throw refusedStart(error, name);
    await gone(client.ask("DELETE", `/containers/${name}`, { query: { force: 1, v: 1 } }));
    return (await ask()).Id;
  }
}

/** Waits for the end; the engine answers nothing until then. */
async function untilOver(client: DockerClient, id: string): Promise<State> {
  for (;;) {
    const { State: state } = await client.ask<{ State: State }>("GET", `/containers/${id}/json`);
    if (!state.Running && state.Status !== "created" && state.Status !== "restarting") return state;
    await client.ask("POST", `/containers/${id}/wait`, { silence: 0 });
  }
}

/** Networks and volumes of the run. */
async function removeRest(
  client: DockerClient,
  { uuid, patience }: { uuid: string; patience: Patience },
): Promise<void> {
  const query = { filters: ofRun(uuid) };
  const networks = await patience.try(() => client.ask<{ Id: string }[]>("GET", "/networks", { query }));
  for (const { Id } of networks) await patience.try(() => gone(client.ask("DELETE", `/networks/${Id}`)));
  const { Volumes } = await patience.try(() =>
    client.ask<{ Volumes: { Name: string }[] | null }>("GET", "/volumes", { query }),
  );
  for (const { Name } of Volumes ?? [])
    await patience.try(() => gone(client.ask("DELETE", `/volumes/${Name}`, { query: { force: 1 } })));
}

function containerGone(uuid: string, log: string): BowlineError {
  return new BowlineError({
    code: "RUN_LOST",
    message: `the container of "${log}" is not in the engine any more: somebody removed it while it ran`,
    hint: `run it again at the same commits with: bowline restart ${uuid}`,
  });
}

const NO_NETWORK = {
  code: "NO_OWN_NETWORK",
  message:
    "the engine has no address range left for a network of this run: its containers share the engine's own network",
  hint: "remove networks that nobody needs: docker network prune",
};

function leftBehind({ endpoint }: DockerClient, error: BowlineError, uuid: string) {
  return {
    code: "LEFT_IN_ENGINE",
    message: `containers of the run may be left in the Docker Engine at ${endpoint.shown}: ${error.message}`,
    hint: `once it is back: docker rm -fv $(docker ps -aq --filter label=bowline.run=${uuid})`,
  };
}
