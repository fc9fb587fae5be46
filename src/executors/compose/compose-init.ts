import { posix } from "node:path";
import type { ContainerPlan, FileStep, GitStep, InitStep } from "../../compile/index.ts";
import { handlerEnv, handlerWithImage as handlerOf, neighbours, stepConnections } from "../handler.ts";
import { initImage } from "../init-image.ts";
import { initializerWords } from "../initializer-words.ts";
import { composeService, dollars, type ComposeService, type ComposeShared } from "./compose-service.ts";

const CREDENTIALS = "/bowline/credentials/0";

/** The init steps as services; each waits for the one before, neighbouring git steps for the same one. */
export function composeInit(shared: ComposeShared): Record<string, ComposeService> {
  const { plan } = shared;
  const services: Record<string, ComposeService> = {};
  const ours = plan.init.some((step) => step.kind === "file" || (step.kind === "git" && handlerOf(step) === undefined));
  if (ours) services["init-context"] = contextService(shared);
  let before = Object.keys(services);
  for (const group of neighbours(plan.init, handlerOf)) {
    const waits = Object.fromEntries(
      before.map((name) => [name, { condition: "service_completed_successfully" as const }]),
    );
    before = group.map((step) => `init-${step.name}`);
    for (const step of group) {
      services[`init-${step.name}`] = {
        ...stepService(step, shared),
        ...(Object.keys(waits).length === 0 ? {} : { depends_on: waits }),
        restart: "no",
      };
    }
  }
  return services;
}

/** The names of the services that the main one waits for: those of the last step, or of the steps that are done side by side at the end. */
export function lastInit(shared: ComposeShared): string[] {
  return (neighbours(shared.plan.init, handlerOf).at(-1) ?? []).map((step) => `init-${step.name}`);
}

function stepService(step: InitStep, shared: ComposeShared): ComposeService {
  if (step.kind === "file") return fileService(step, shared);
  const log = `init/${step.name}`;
  if (step.kind === "container")
    return composeService(step.container, {
      ...shared,
      log,
      connections: stepConnections(step.connection, step.container),
    });
  const handler: ContainerPlan | undefined = handlerOf(step);
  if (handler === undefined) return gitService(step, shared);
  const connections = stepConnections(step.connection, handler);
  return composeService(handler, { ...shared, log, connections, more: handlerEnv(step, shared.config.policy) });
}

function gitService(step: GitStep, { plan, config, secrets, mounts }: ComposeShared): ComposeService {
  const found = secrets.forStep(step, CREDENTIALS);
  const settings = {
    ...{ policy: config.policy, options: step.options },
    credentials: found === undefined ? [] : [found.credential],
  };
  const owner = ownerOf(plan);
  const words = initializerWords(step, settings, owner === undefined ? [] : [`--owner=${owner}`]);
  const env = [...(config.init.env ?? []), ...(step.settings?.env ?? [])];
  const plain = env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, dollars(value)]]));
  return {
    image: initImage(config),
    command: words.map(dollars),
    user: "0:0",
    ...(plain.length === 0 ? {} : { environment: Object.fromEntries(plain) as Record<string, string> }),
    volumes: [...mounts],
    ...(found === undefined ? {} : { secrets: found.secrets }),
    ...(plan.environment["hostNetwork"] === true ? { network_mode: "host" } : {}),
  };
}

/** The user of the main container, where the plan tells it; the image's own cannot be known here. */
function ownerOf({ environment, main }: ComposeShared["plan"]): string | undefined {
  const { runAsUser, runAsGroup = 0 } = {
    ...(environment["securityContext"] as { runAsUser?: number; runAsGroup?: number } | undefined),
    ...(main.rest["securityContext"] as { runAsUser?: number; runAsGroup?: number } | undefined),
  };
  return runAsUser === undefined ? undefined : `${runAsUser}:${runAsGroup}`;
}

/** The folders of a run, which anybody may write. */
function contextService({ plan, uuid, config, mounts }: ComposeShared): ComposeService {
  const outputs = posix.join(plan.artifactsPath, uuid, "outputs");
  const folders = [plan.artifactsPath, posix.dirname(outputs), outputs].join(" ");
  return {
    image: initImage(config),
    entrypoint: ["sh", "-c", `mkdir -p ${folders} && chmod 777 ${folders}`],
    user: "0:0",
    volumes: [...mounts],
    restart: "no",
  };
}

/** Written beside its place and renamed. */
const WRITE =
  'set -eu; mkdir -p "$1"; printf %s "$CONTENT" > "$1/.$2.new"; chmod "$3" "$1/.$2.new"; mv -f "$1/.$2.new" "$1/$2"';

function fileService({ path, filename, mode, content }: FileStep, { config, mounts }: ComposeShared): ComposeService {
  return {
    image: initImage(config),
    entrypoint: ["sh", "-c", dollars(WRITE), "sh", dollars(path), dollars(filename), mode.toString(8)],
    user: "0:0",
    environment: { CONTENT: dollars(content) },
    volumes: [...mounts],
  };
}
