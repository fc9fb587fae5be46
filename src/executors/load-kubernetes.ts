import type * as kubernetes from "./kubernetes/index.ts";

/** Everything that only clusters need. */
export type Kubernetes = typeof kubernetes;

/** Loads it: who runs no cluster pays nothing for it. */
export function loadKubernetes(): Promise<Kubernetes> {
  return import("./kubernetes/index.ts");
}
