import { posix } from "node:path";
import type { Place } from "../lib/index.ts";
import type { ContainerFields, EnvVarFields } from "../spec/index.ts";
import type { EnvVar } from "../connections/index.ts";
import type { ContainerPlan } from "./plan.ts";

export interface ContainerOptions {
  name: string;
  connections?: string[];
  /** Where a relative working directory is. */
  base: string;
  place?: Place;
}

/** A container of the file as the plan has it. */
export function containerPlan(
  fields: ContainerFields,
  { name, connections = [], base, place }: ContainerOptions,
): ContainerPlan {
  const { name: _, image, command, args, workingDir, env, resources, ...rest } = fields;
  return {
    name,
    ...(image !== undefined && { image }),
    ...(command !== undefined && command.length > 0 && { command }),
    ...(args !== undefined && args.length > 0 && { args }),
    ...(workingDir !== undefined && { workingDir: posix.resolve(base, workingDir) }),
    env: envOf(env ?? []),
    ...(resources !== undefined && { resources }),
    connections,
    rest: withoutUndefined(rest),
    ...(place && { place }),
  };
}

/** True when the container does something of its own, and is not only settings. */
export function doesWork(fields: ContainerFields | undefined): boolean {
  return fields?.image !== undefined || (fields?.command?.length ?? 0) > 0;
}

function envOf(env: readonly EnvVarFields[]): EnvVar[] {
  return env.map(({ name, value, valueFrom }) => ({
    name,
    ...(value !== undefined && { value }),
    ...(valueFrom !== undefined && { valueFrom }),
  }));
}

function withoutUndefined(map: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined));
}
