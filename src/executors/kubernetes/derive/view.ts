import type { Plan } from "../../../compile/index.ts";
import type { CodeReference } from "../../../git/index.ts";
import type { ProblemInput } from "../../../lib/index.ts";
import type { StatusChange } from "../../status.ts";
import type { Deployment, Job, KubeEvent, Pod } from "../api/objects.ts";

/** What the cluster holds of one run, at one moment. */
export interface RunView {
  job?: Job | undefined;
  deployment?: Deployment | undefined;
  pods: readonly Pod[];
  /** Of the run's objects, in any order; empty where they may not be read. */
  events: readonly KubeEvent[];
}

/** What is known of a run from its start. */
export interface RunFacts {
  uuid: string;
  createdAt: string;
  /** Name of its Job or Deployment. */
  object: string;
  plan: Plan;
  /** When its commits were pinned. */
  queuedAt?: string | undefined;
  /** When its end was asked for. */
  stopAt?: string | undefined;
}

/** What the cluster's objects say of a run. */
export interface Derived {
  statuses: StatusChange[];
  exitCode?: number;
  errors: ProblemInput[];
  /** By step: the whole reference, or what of it fits into a termination message. */
  code: Map<string, CodeReference | PartialReference>;
  /** Names of logs that there are. */
  logs: string[];
  /** The run is judged to have failed while objects of it may still start: they are to be removed. */
  hopeless: boolean;
}

/** The whole one is in the log of the init container of this pod. */
export interface PartialReference {
  pod: string;
  commit: string;
  tree: string;
  digest: string;
}

/** Why a pod does not go on. */
export interface Trouble {
  reason: string;
  message: string;
  problem: ProblemInput;
  /** Nothing but a change by somebody would help; it is the end of the run. */
  final: boolean;
}
