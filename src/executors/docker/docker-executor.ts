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
import { findEndpoint } from "./client/endpoint.ts";
import { openTransport } from "./client/transport.ts";
import { openDockerRun, type DockerRun } from "./docker-run.ts";
import { localWorker, runInitSteps } from "./init-steps.ts";
import { runMain } from "./main-container.ts";
import { fileGroup } from "./settings.ts";

export interface DockerParts {
  choice: ExecutorChoice;
  config: Pick<Config, "docker">;
  engine: GitEngine;
}

/** Runs a plan as containers of a Docker Engine, all with a label of the run. They outlive this process; another may go on with them. */
export function createDockerExecutor({ choice, config, engine }: DockerParts): Executor {
  let resolutions: ReadonlyMap<string, Resolution> = new Map();
  let connected: Promise<{ client: DockerClient; kept: ExecutorChoice }> | undefined;

  async function connect(): Promise<{ client: DockerClient; kept: ExecutorChoice }> {
    const environment = config.docker ?? { tls: false, programs: {} };
    const { endpoint, kept } = await findEndpoint(choice, environment);
    const client = await connectClient(endpoint, openTransport(endpoint, environment.programs));
    return { client, kept: { kind: "docker", ...kept } };
  }

  async function ready(): Promise<ExecutorChoice> {
    return (await (connected ??= connect())).kept;
  }

  async function pin(plan: Plan, context: ExecutionContext): Promise<Plan> {
    const pinned = await pinPlan(plan, { context, engine, handlerOf });
    resolutions = pinned.resolutions;
    return pinned.plan;
  }

  async function execute(plan: Plan, context: ExecutionContext): Promise<Outcome> {
    context.onEvent({ type: "status", status: "scheduled" });
    const { client } = await (connected ??= connect());
    const run = openDockerRun(plan, { context, client, ending: openEnding(plan, context) });
    try {
      if (context.resumed?.begun !== true) context.onEvent({ type: "status", status: "starting" });
      const found = context.resumed === undefined ? [] : await run.list();
      if (!found.some(({ log }) => log === "main")) {
        if (context.resumed?.begun === true) throw containersGone(context);
        for (const { id } of found) await run.remove(id);
        await prepare(run, { engine, resolutions });
      }
      if (run.ending.signal.aborted) return run.ending.outcome();
      return await runMain(run, found);
    } catch (error) {
      // What the end of the run tore apart is no failure of its own.
      if (run.ending.signal.aborted) return run.ending.outcome();
      throw error;
    } finally {
      for (const { session } of resolutions.values()) session.close();
      await run.close();
    }
  }

  return { kind: "docker", ready, pin, execute };
}

/** Everything before the main container. */
async function prepare(
  run: DockerRun,
  tools: { engine: GitEngine; resolutions: ReadonlyMap<string, Resolution> },
): Promise<void> {
  const { plan, context, folders } = run;
  if (context.resumed !== undefined) await folders.clear();
  await folders.make();
  const owner = await run.ownerOf(plan.main);
  await run.openNetwork();
  const gid = fileGroup(plan) ?? owner.gid;
  await runInitSteps(run, localWorker(run, { ...tools, owner: { ...owner, gid } }));
}

function containersGone({ uuid }: ExecutionContext): BowlineError {
  return new BowlineError({
    code: "RUN_LOST",
    message: "the containers of the run are not in the engine any more: somebody removed them",
    hint: `run it again at the same commits with: bowline restart ${uuid}`,
  });
}
