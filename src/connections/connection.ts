import type { Place } from "../lib/index.ts";

/** One entry of the catalog: the Polyaxon page's connection. */
export interface Connection {
  name: string;
  /** `git`, `ssh`, or any other kind, which is carried and not interpreted. */
  kind: string;
  description?: string;
  tags?: string[];
  /** For `git` and `ssh` a GitSchema; any map for other kinds. */
  schema?: GitSchema & Record<string, unknown>;
  secret?: ResourceReference;
  configMap?: ResourceReference;
  env?: EnvVar[];
  annotations?: Record<string, string>;
  /** Where it is written in the config. */
  place?: Place;
}

/** What a git connection says of its repository. */
export interface GitSchema {
  url?: string;
  revision?: string;
  flags?: string[];
  /** For a self-hosted forge whose host name does not tell. */
  provider?: Provider;
  auth?: "basic" | "bearer";
  /** The user name that goes with a bare token. */
  username?: string;
  proxy?: string;
}

export type Provider = "github" | "gitlab" | "bitbucket" | "gitea" | "azure-devops";

/** A secret or a config map a connection points to. */
export interface ResourceReference {
  name: string;
  /** Mounted there as files, instead of environment variables. */
  mountPath?: string;
  /** Only these keys. */
  items?: string[];
  /** File mode of mounted keys. */
  defaultMode?: number;
}

/** One environment variable as Kubernetes writes it. */
export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: Record<string, unknown>;
}

/** One entry of `credentials:`: what everything below a url prefix is asked with. */
export interface CredentialEntry {
  /** A url prefix; it matches whole path segments; the longest match wins. */
  match: string;
  secret?: ResourceReference;
  from?: "git" | { env: string } | { file: string };
  provider?: Provider;
  auth?: "basic" | "bearer";
  username?: string;
  proxy?: string;
  place?: Place;
}

/** All connections known here, in the order of the file, and the credentials of url prefixes. */
export interface Catalog {
  connections: ReadonlyMap<string, Connection>;
  credentials: readonly CredentialEntry[];
}
