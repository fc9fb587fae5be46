import type { Desk } from "../../cli/bowline.ts";

/** What the contract suite must know of an executor to try its cases on it. */
export interface Harness {
  executor: "process" | "docker" | "kubernetes";
  /** Default: the executor's. */
  name?: string;
  /** Why it cannot be tried here; undefined when it can. */
  absent: string | undefined;
  /** Makes the engine ready, once before all cases: images are built, a namespace is made. */
  open?: () => Promise<void>;
  close?: () => Promise<void>;
  /** Address of this machine at which jobs and the engine reach a git server. */
  host: string;
  /** What follows `executor:` in the config. */
  config: string;
  /** More of the config, such as `init: {image: …}`. */
  moreConfig?: string;
  /** Added to the environment of every command. */
  env?: Record<string, string>;
  images: {
    /** Has a shell and the usual small programs. */
    shell: string;
    /** Has git as well. */
    git: string;
  };
  /** `environment:` of a run whose job has to reach the git server, as YAML in one line. */
  reaching: string;
  /** Also every run with a git step needs it: the code is fetched where the engine is. */
  alwaysReaching?: boolean;
  /** Stores the keys of a secret where runs of this executor find it. */
  setSecret: (desk: Desk, name: string, data: Record<string, string>) => Promise<void>;
  /** What is left of a run that is over, or was deleted, in the engine: nothing, in every case. */
  leftOf: (uuid: string) => Promise<string[]>;
  /** Cases in which this executor does something else, with the reason. */
  otherwise: Partial<Record<Difference, string>>;
}

/** What an executor may do differently. Each is an expectation of the suite, not a skip. */
export type Difference =
  /** Images are not run: commands are this machine's, and an image alone is an error or a warning. */
  | "no images"
  /** The job runs as the user of the command, whatever runAsUser says. */
  | "no other user"
  /** One copy of a service, whatever replicas says. */
  | "no replicas"
  /** Memory is not limited. */
  | "no limits"
  /** What the job wrote to stdout and stderr comes as one stream. */
  | "one stream"
  /** A service is started again for as long as it is there. */
  | "service without end"
  /** Each attempt begins with code and folders of its own. */
  | "new folder"
  /** A run whose ttl is over leaves its record. */
  | "kept record";

/** Secrets by the command, into the store of this machine. */
export async function setLocalSecret(desk: Desk, name: string, data: Record<string, string>): Promise<void> {
  for (const [key, input] of Object.entries(data)) {
    const { exitCode, stderr } = await desk.bowline(["secrets", "set", name, key], { input });
    if (exitCode !== 0) throw new Error(`secrets set ${name} ${key}: ${stderr}`);
  }
}
