/** What a polyaxonfile holds, after its shape was checked. Keys are the file's own. */

/** One entry of `run.init`, and the content of a git preset file. */
export interface InitEntry {
  connection?: string | undefined;
  git?: GitFields | undefined;
  file?: FileFields | undefined;
  path?: string | undefined;
  container?: ContainerFields | undefined;
}

export interface GitFields {
  url?: string | undefined;
  revision?: string | undefined;
  flags?: string[] | undefined;
  history?: number | "commits" | "full" | undefined;
  tags?: boolean | undefined;
  submodules?: boolean | string[] | undefined;
  lfs?: boolean | undefined;
  sparse?: string[] | undefined;
  mount?: boolean | undefined;
}

export interface FileFields {
  filename?: string | undefined;
  content: string;
  chmod?: string | undefined;
  kind?: "file" | undefined;
}

/** A Kubernetes container; what Bowline does not read itself is carried. */
export interface ContainerFields {
  name?: string | undefined;
  image?: string | undefined;
  command?: string[] | undefined;
  args?: string[] | undefined;
  workingDir?: string | undefined;
  env?: EnvVarFields[] | undefined;
  resources?: Record<string, unknown> | undefined;
  [key: string]: unknown;
}

export interface EnvVarFields {
  name: string;
  value?: string | undefined;
  valueFrom?: Record<string, unknown> | undefined;
}

export interface RunFields {
  kind?: "job" | "service" | undefined;
  init?: InitEntry[] | undefined;
  connections?: string[] | undefined;
  container?: ContainerFields | undefined;
  sidecars?: ContainerFields[] | undefined;
  volumes?: Record<string, unknown>[] | undefined;
  environment?: Record<string, unknown> | undefined;
  ports?: number[] | undefined;
  replicas?: number | undefined;
}

export interface TerminationFields {
  maxRetries?: number | undefined;
  timeout?: number | undefined;
  ttl?: number | undefined;
}

/** One declared input or output. */
export interface IoFields {
  name: string;
  description?: string | undefined;
  type?: string | undefined;
  value?: unknown;
  isOptional?: boolean | undefined;
  isList?: boolean | undefined;
  isFlag?: boolean | undefined;
  argFormat?: string | undefined;
  connection?: string | undefined;
  toInit?: boolean | undefined;
  toEnv?: string | undefined;
  options?: unknown[] | undefined;
  validation?: ValidationFields | undefined;
}

export interface ValidationFields {
  gt?: number | undefined;
  ge?: number | undefined;
  lt?: number | undefined;
  le?: number | undefined;
  multipleOf?: number | undefined;
  minLength?: number | undefined;
  maxLength?: number | undefined;
  minItems?: number | undefined;
  maxItems?: number | undefined;
  startsWith?: string | undefined;
  endsWith?: string | undefined;
  contains?: string | undefined;
  excludes?: string | undefined;
  oneOf?: unknown[] | undefined;
  noneOf?: unknown[] | undefined;
}

/** A param in its long form. */
export interface ParamFields {
  value?: unknown;
  connection?: string | undefined;
  contextOnly?: boolean | undefined;
  toInit?: boolean | undefined;
  /** The page's own word for `toInit`. */
  init?: boolean | undefined;
  toEnv?: string | undefined;
}

export type PatchStrategy = "replace" | "isnull" | "post_merge" | "pre_merge";
