import type { Catalog, EnvVar } from "../connections/index.ts";
import type { Place, Problem } from "../lib/index.ts";
import type { DockerEnvironment } from "./docker.ts";

/** The config file, read and checked, with what the environment adds. */
export interface Config {
  /** Absolute path of the file; absent when there is none. */
  path?: string;
  origin: "flag" | "environment" | "found" | "home" | "none";
  /** False for a found config that was not trusted: no stored secret, no `from:`, no `policy:`. */
  trusted: boolean;
  executor: ExecutorChoice;
  /** Where every image that we name is taken from instead of its own registry. */
  registry?: string;
  catalog: Catalog;
  init: InitSettings;
  policy: Policy;
  home: Home;
  network: Network;
  /** What the environment says of Docker; absent where nobody asked. */
  docker?: DockerEnvironment;
  /** Every value that is in force, and where it comes from: what `bowline config view` shows. Holds no password. */
  settings: Setting[];
  warnings: Problem[];
}

/** One value of the config, with its origin. */
export interface Setting {
  /** `policy.timeouts.connect`, `connections.repo-test`. */
  key: string;
  value: unknown;
  origin: "default" | "config" | "environment";
  /** Where the config has it. */
  place?: Place;
  /** The environment variable it comes from. */
  variable?: string;
}

export interface ExecutorChoice {
  kind: "process" | "docker" | "kubernetes";
  inheritEnv?: string[];
  host?: string;
  namespace?: string;
  context?: string;
  /** A Kubernetes volume (without its name) for the artifacts of runs; an emptyDir unless set. */
  artifacts?: Record<string, unknown>;
}

/** Settings of our initializer's container. */
export interface InitSettings {
  image?: string;
  resources?: Record<string, unknown>;
  env?: EnvVar[];
  /** Kubernetes' host aliases, for clusters whose DNS does not know a host. */
  hostAliases?: Record<string, unknown>[];
  /** Certificates to trust in addition, as a key of a config map in the cluster (`ca.crt` unless named). */
  ca?: { configMap: string; key?: string };
}

/** Guards of the platform engineer; each has a default. */
export interface Policy {
  /** Default https, http, ssh; `file` only when listed. */
  schemes: readonly string[];
  /** Hosts that may be fetched from; absent: all. */
  hosts?: readonly string[];
  /** Hosts besides loopback to which a credential may go over plain http. */
  plainHttpHosts: readonly string[];
  /** Git flags that may be used; absent: all of the allow-list. */
  flags?: readonly string[];
  /** Images that may be used, as globs; absent: all. */
  images?: readonly string[];
  /** Whether a `git.url` outside the connection's scope is refused rather than fetched without credential. */
  urlOverride: "anonymous" | "refuse";
  /** Bytes that one repository may send; absent: no limit. */
  maxBytes?: number;
  /** Files that one tree may have, and folders; absent: no limit. */
  maxFiles?: number;
  timeouts: Timeouts;
  fsck: { ignore: readonly string[] };
  /** What the cache may have on disk, in bytes: 20 GiB. */
  cache: { maxBytes: number };
}

/** All in milliseconds. */
export interface Timeouts {
  /** Until a connection stands: 10,000. */
  connect: number;
  /** No byte for this long ends a transfer: 15,000. */
  stall: number;
  /** All tries of a resolve together: 10,000. */
  resolve: number;
  /** A whole materialise: 600,000. */
  materialize: number;
}

/** Folders of everything Bowline writes; all below BOWLINE_HOME when that is set, else the XDG folders. */
export interface Home {
  config: string;
  /** Secrets, trusted paths, the run store. */
  data: string;
  /** Run folders and logs. */
  state: string;
  cache: string;
}

/** Trust and proxies, read once from the environment. */
export interface Network {
  /** File named by SSL_CERT_FILE, if any. */
  certificateFile?: string;
  httpProxy?: string;
  httpsProxy?: string;
  allProxy?: string;
  noProxy?: string;
  /** PATH: where git, git-lfs and ssh are looked for. */
  searchPath?: string;
  /** BOWLINE_GIT_FETCH: `git` leaves to git what the engine can fetch itself, for comparing the two. */
  fetchBy?: "git";
}
