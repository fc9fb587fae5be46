import type { Plan } from "../../compile/index.ts";
import type { Config, ExecutorChoice } from "../../config/index.ts";
import type { Resolution } from "../../git/index.ts";
import { BowlineError } from "../../lib/index.ts";
import { openEnding } from "../ending.ts";
import type { ExecutionContext, Executor, Outcome } from "../executor.ts";
import type { GitEngine } from "../git-engine.ts";
import { handlerWithImage as handlerOf } from "../handler.ts";
import { pinPlan } from "../pin-plan.ts";
import { connectClient, type DockerClient } from "./client/client.ts";
import { DockerError, engineRefused } from "./client/errors.ts";
import { findEndpoint } from "./client/endpoint.ts";
import { openTransport } from "./client/transport.ts";
import { openDockerRun, type DockerRun } from "./docker-run.ts";
import { runInitSteps, type StepWorker } from "./init-steps.ts";
import { localFolders } from "./local-folders.ts";
import { localWorker } from "./local-worker.ts";
import { runMain } from "./main-container.ts";
import { remoteFolders } from "./remote-folders.ts";
import { remoteWorker } from "./remote-worker.ts";
import { fileGroup } from "./settings.ts";
import type { SharedFolders } from "./shared-folders.ts";
import type { Owner } from "./user.ts";

export interface DockerParts {
  choice: ExecutorChoice;
  config: Pick<Config, "docker">;
  engine: GitEngine;
}

/** Runs a plan as containers of a Docker Engine, all with a label of the run. They outlive this process; another may go on with them. */
export function createDockerExecutor({ choice, config, engine }: DockerParts): Executor {
  let resolutions: ReadonlyMap<string, Resolution> = new Map();
  let connected: Promise<{ client: DockerClient; kept: ExecutorChoice }> | undefined;

  async function ready(): Promise<ExecutorChoice> {
    return (await (connected ??= connect({ choice, config }))).kept;
  }

  async function pin(plan: Plan, context: ExecutionContext): Promise<Plan> {
    const pinned = await pinPlan(plan, { context, engine, handlerOf });
    resolutions = pinned.resolutions;
    return pinned.plan;
  }

  async function execute(plan: Plan, context: ExecutionContext): Promise<Outcome> {
    context.onEvent({ type: "status", status: "scheduled" });
    const { client } = await (connected ??= connect({ choice, config }));
    const ending = openEnding(plan, context);
    const tools = { engine, resolutions };
    // An engine elsewhere sees no folder of this machine.
    const place = client.endpoint.kind === "unix" ? here(plan, context, tools) : there(plan, context, client);
    const run = openDockerRun(plan, { context, client, ending, folders: place.folders });
    try {
      if (context.resumed?.begun !== true) context.onEvent({ type: "status", status: "starting" });
      const found = context.resumed === undefined ? [] : await run.list();
      await run.openNetwork();
      if (!found.some(({ log }) => log === "main")) {
        if (context.resumed?.begun === true) throw containersGone(context);
        for (const { id } of found) await run.remove(id);
        const { uid, gid } = await run.ownerOf(plan.main);
        const owner = { uid, gid: fileGroup(plan) ?? gid };
        if (context.resumed !== undefined) await place.folders.clear();
        await place.folders.make(plan.main.image ?? "");
        await runInitSteps(run, place.worker(run, owner));
      }
      if (run.ending.signal.aborted) return run.ending.outcome();
      return await runMain(run, found);
    } catch (error) {
      // What the end of the run tore apart is no failure of its own.
      if (run.ending.signal.aborted) return run.ending.outcome();
      throw error instanceof DockerError ? engineRefused(error, client.endpoint) : error;
    } finally {
      for (const { session } of resolutions.values()) session.close();
      await run.close();
    }
  }

  return { kind: "docker", ready, pin, execute };
}

/** Which engine answers, in words. Throws what keeps a run from it. */
export async function examineEngine(parts: Pick<DockerParts, "choice" | "config">): Promise<string> {
  const { client } = await connect(parts);
  try {
    const { Version: release = "" } = await client.ask<{ Version?: string }>("GET", "/version");
    return `${client.endpoint.shown}: ${release}, API ${client.version}`;
  } catch (error) {
    throw error instanceof DockerError ? engineRefused(error, client.endpoint) : error;
  }
}

async function connect({
  choice,
  config,
}: Pick<DockerParts, "choice" | "config">): Promise<{ client: DockerClient; kept: ExecutorChoice }> {
  const environment = config.docker ?? { tls: false, programs: {} };
  const { endpoint, kept } = await findEndpoint(choice, environment);
  const client = await connectClient(endpoint, openTransport(endpoint, environment.programs));
  return { client, kept: { kind: "docker", ...kept } };
}

/** Where the folders of a run are, and who does its git and file steps there. */
interface Place {
  folders: SharedFolders;
  worker: (run: DockerRun, owner: Owner) => StepWorker;
}

function here(
  plan: Plan,
  context: ExecutionContext,
  tools: { engine: GitEngine; resolutions: ReadonlyMap<string, Resolution> },
): Place {
  const folders = localFolders(plan, context);
  return { folders, worker: (run, owner) => localWorker(run, { ...tools, folders, owner }) };
}

function there(plan: Plan, context: ExecutionContext, client: DockerClient): Place {
  const folders = remoteFolders(plan, context, client);
  return { folders, worker: (run, owner) => remoteWorker(run, { folders, owner }) };
}

function containersGone({ uuid }: ExecutionContext): BowlineError {
  return new BowlineError({
    code: "RUN_LOST",
    message: "the containers of the run are not in the engine any more: somebody removed them",
    hint: `run it again at the same commits with: bowline restart ${uuid}`,
  });
}
