import type { ContainerPlan } from "../../compile/index.ts";
import type { Ended } from "../executor.ts";
import type { TarEntry } from "./client/tar.ts";
import type { ContainerId } from "./labels.ts";

/** What is asked of a run: one container. */
export interface ContainerJob extends ContainerId {
  container: ContainerPlan;
  /** Default: the container's. */
  connections?: readonly string[];
  more?: Readonly<Record<string, string>>;
  ports?: ReadonlyMap<number, number>;
  /** Shares the network of this container, as in a pod. */
  besides?: string;
  /** Of the run that is resumed. */
  found?: Found | undefined;
  /** Put into the container before it starts, each list into a folder of its own. */
  files?: ReadonlyMap<string, readonly TarEntry[]>;
  /** Takes its standard output, which is then no log. */
  capture?: (chunk: Buffer) => void;
}

export interface Running {
  id: string;
  /** Resolves when it is over and its log is read. */
  ended: Promise<Ended & { byEngine: boolean }>;
}

/** A container of the run that the engine has. */
export interface Found extends ContainerId {
  id: string;
  state: string;
}
