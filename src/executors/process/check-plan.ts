import type { ContainerPlan, GitStep, InitStep, Plan } from "../../compile/index.ts";
import type { Place, Problem, ProblemInput } from "../../lib/index.ts";
import { at, containersOf, type PlanCheck } from "../plan-check.ts";
import { handlerWithCommand as handlerOf } from "../handler.ts";
import { CONTEXT } from "../places.ts";

/** What processes cannot do of a plan, and what they leave out with a warning. */
export function checkPlan(plan: Plan): PlanCheck {
  const containers = containersOf(plan, handlerOf);
  return {
    errors: commandMissing(plan.main),
    warnings: [
      ...plan.init.flatMap(initWarnings),
      ...plan.sidecars.flatMap(sidecarWarnings),
      ...imageWarnings(plan, containers),
      ...leftOut(plan, containers),
      ...containers.flatMap((container) => literalPaths(container, plan)),
    ],
  };
}

function commandMissing({ command, image, place }: ContainerPlan): ProblemInput[] {
  if (command !== undefined) return [];
  const what = image === undefined ? "a container without a command" : `the image "${image}" without a command`;
  return [
    {
      code: "CONTAINER_MISSING",
      message: `the process executor cannot run ${what}`,
      hint: "set container.command, or give the command: bowline run -f FILE -- COMMAND…",
      ...at(place),
    },
  ];
}

function initWarnings(step: InitStep): Problem[] {
  if (step.kind === "git" && step.handler !== undefined && handlerOf(step) === undefined)
    return [handledByEngine(step)];
  if (step.kind !== "container" || step.container.command !== undefined) return [];
  const image = step.container.image ?? "";
  return [
    notHere(`the init container "${step.name}" is skipped: its image "${image}" cannot run as a process`, {
      hint: "set its command, or use an executor that runs containers",
      place: step.place,
    }),
  ];
}

function handledByEngine({ name, handler, place }: GitStep): Problem {
  return notHere(
    `"${name}" is fetched by Bowline itself: the image "${handler?.image ?? ""}" cannot run as a process`,
    {
      hint: "give the container a command to have it do the work here, too",
      place,
    },
  );
}

function sidecarWarnings({ name, image, command, place }: ContainerPlan): Problem[] {
  if (command !== undefined) return [];
  const message = `the sidecar "${name}" is left out: its image "${image ?? ""}" cannot run as a process`;
  return [notHere(message, { hint: "set its command, or use an executor that runs containers", place })];
}

/** One warning for all: with most files this is known and meant. */
function imageWarnings(plan: Plan, containers: readonly ContainerPlan[]): Problem[] {
  const images = containers.flatMap(({ command, image }) =>
    command === undefined || image === undefined ? [] : [image],
  );
  if (images.length === 0) return [];
  const names = [...new Set(images)].map((image) => `"${image}"`).join(", ");
  return [
    notHere(`commands run as processes of this machine, without the image ${names}`, {
      hint: "what the image brings must be installed here",
      place: plan.main.place,
    }),
  ];
}

function leftOut(plan: Plan, containers: readonly ContainerPlan[]): Problem[] {
  const parts = [
    ...(plan.replicas > 1 ? [`replicas: ${plan.replicas}`] : []),
    ...(containers.some(({ resources }) => resources !== undefined) ? ["resources"] : []),
    ...(plan.volumes.length > 0 ? ["volumes"] : []),
    ...(Object.keys(plan.environment).length > 0 ? ["environment"] : []),
  ];
  if (parts.length === 0) return [];
  const hint = "a process has what this machine has; on a cluster it counts";
  return [notHere(`the process executor leaves out: ${parts.join(", ")}`, { hint, place: plan.main.place })];
}

/** A place that only containers have, written out instead of by its template. */
function literalPaths(container: ContainerPlan, plan: Plan): Problem[] {
  const { command = [], args = [], env, workingDir = "" } = container;
  const texts = [...command, ...args, ...env.map(({ value = "" }) => value), workingDir];
  const mounts = container.connections.flatMap((name) => {
    const { secret, configMap } = plan.connections[name] ?? {};
    return [secret?.mountPath, configMap?.mountPath].filter((path) => path !== undefined);
  });
  return [CONTEXT, ...mounts]
    .filter((path) => texts.some((text) => text.includes(path)))
    .map((path) => ({
      code: "CONTAINER_PATH",
      message: `"${path}" is a place in containers; as a process the job finds it elsewhere`,
      hint:
        path === CONTEXT
          ? "write {{ globals.artifacts_path }} or {{ globals.context_path }} instead"
          : "use the variable POLYAXON_CONNECTION_CONTEXT_PATH_<NAME> instead",
      ...at(container.place),
    }));
}

function notHere(message: string, { hint, place }: { hint: string; place?: Place | undefined }): Problem {
  return { code: "NOT_ON_PROCESS", message, hint, ...at(place) };
}
