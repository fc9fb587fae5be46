import type { Connection, EnvVar } from "../connections/index.ts";
import type { Place } from "../lib/index.ts";
import type { GitOptions } from "../spec/index.ts";

/** The executor-neutral, serialisable result of compiling a polyaxonfile. It names secrets; it never holds one. */
export interface Plan {
  apiVersion: "bowline/v1";
  kind: "job" | "service";
  name: string;
  description?: string;
  tags?: string[];
  /** The resolved values of inputs and params, for the record. */
  params: Record<string, unknown>;
  /** Every connection that a step or container uses, as it is in the catalog. */
  connections: Record<string, Connection>;
  /** `<artifacts>` as the job sees it; the process executor's own folder, or `/plx-context/artifacts`. */
  artifactsPath: string;
  /** In declared order; neighbouring git steps may run side by side. */
  init: InitStep[];
  main: ContainerPlan;
  sidecars: ContainerPlan[];
  /** Kubernetes volumes, passed through. */
  volumes: Record<string, unknown>[];
  /** Polyaxon's pod-level `environment`, passed through. */
  environment: Record<string, unknown>;
  termination: { maxRetries: number; timeout?: number; ttl?: number };
  ports: number[];
  replicas: number;
}

export type InitStep = GitStep | FileStep | ContainerStep;

/** Fetch a repository into `path`, by the engine or by the user's own handler. */
export interface GitStep {
  kind: "git";
  /** Unique in the plan; the log of the step is `init/<name>`. */
  name: string;
  /** Name of the connection; absent for a url alone. */
  connection?: string;
  url: string;
  /** True when `git.url` replaced the connection's url. */
  urlOverridden: boolean;
  revision?: string;
  options: GitOptions;
  /** Absolute, as the job sees it. */
  path: string;
  /** Settings for our initializer (resources, env …): a container without image and command. */
  settings?: ContainerPlan;
  /** The user's own container that does the work of git. */
  handler?: ContainerPlan;
  place?: Place;
  /** What resolve pinned; absent before it. */
  pin?: GitPin;
}

/** The commit a step was pinned to. */
export interface GitPin {
  commit: string;
  ref?: string;
  /** Same-origin redirect that was followed. */
  redirectedTo?: string;
  at: string;
}

/** Write one file. */
export interface FileStep {
  kind: "file";
  name: string;
  path: string;
  filename: string;
  content: string;
  mode: number;
  place?: Place;
}

/** A plain init container. */
export interface ContainerStep {
  kind: "container";
  name: string;
  /** A connection whose secret, env and paths it is given. */
  connection?: string;
  container: ContainerPlan;
  place?: Place;
}

/** A container as far as Bowline reads it; everything else of Kubernetes' container is carried in `rest`. */
export interface ContainerPlan {
  name: string;
  image?: string;
  command?: string[];
  args?: string[];
  /** Absolute, as the job sees it. */
  workingDir?: string;
  env: EnvVar[];
  resources?: Record<string, unknown>;
  /** Connections whose secret, env and git set-up it is given. */
  connections: string[];
  rest: Record<string, unknown>;
  place?: Place;
}
