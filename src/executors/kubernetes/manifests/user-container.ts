import type { ContainerPlan } from "../../../compile/index.ts";
import type { EnvVar } from "../../../connections/index.ts";
import { CONTEXT } from "../../places.ts";
import { clusterGit } from "./cluster-git.ts";
import type { UserContainerInput } from "./container-input.ts";
import { connectionParts } from "./connection-parts.ts";
import { createEnvList } from "./env-list.ts";
import { expandable } from "./literal.ts";
import { secretMode } from "./security.ts";
import { mountsWith, type VolumeMount } from "./volumes.ts";

/** A container of the user's as Kubernetes has it: his own words, and what the run adds by reference. Of two values for one variable his own wins. */
export function userContainer(
  container: ContainerPlan,
  more: { connections?: readonly string[]; env?: readonly EnvVar[] },
  input: UserContainerInput,
): object {
  const { plan, uuid, volumes } = input;
  const { connections = container.connections } = more;
  const { volumeMounts, envFrom, ...rest } = container.rest as { volumeMounts?: VolumeMount[]; envFrom?: object[] };
  const parts = connectionParts(connections, { plan, volumes, mode: secretMode(container, plan) });
  const git = clusterGit(connections, { ...input, container });
  const env = createEnvList();
  env.add({ name: "POLYAXON_CONTEXT_ROOT", value: CONTEXT }, ...parts.env, ...(more.env ?? []));
  env.add(
    ...container.env.map(({ name, value, valueFrom }) =>
      valueFrom === undefined ? { name, value: expandable(value ?? "") } : { name, valueFrom },
    ),
  );
  env.add(...git.env, { name: "BOWLINE_RUN_UUID", value: uuid });
  const { image, command, args, workingDir, resources } = container;
  const own = [...parts.mounts, ...git.mounts, ...volumes.shared];
  const sources = [...parts.envFrom, ...(envFrom ?? [])];
  return {
    ...rest,
    name: container.name,
    ...(image === undefined ? {} : { image }),
    ...(command === undefined ? {} : { command: command.map(expandable) }),
    ...(args === undefined ? {} : { args: args.map(expandable) }),
    workingDir: workingDir ?? plan.artifactsPath,
    env: env.list(),
    ...(sources.length === 0 ? {} : { envFrom: sources }),
    ...(resources === undefined ? {} : { resources }),
    volumeMounts: mountsWith(volumeMounts ?? [], own),
  };
}
