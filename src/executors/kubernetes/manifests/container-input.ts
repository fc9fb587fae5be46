import type { Plan } from "../../../compile/index.ts";
import type { Config } from "../../../config/index.ts";
import type { Volumes } from "./volumes.ts";

/** What every container of a run is made with. */
export interface UserContainerInput {
  plan: Plan;
  config: Config;
  uuid: string;
  volumes: Volumes;
  /** By name, the keys of the Secrets that are known. */
  secretKeys: ReadonlyMap<string, readonly string[]>;
}
