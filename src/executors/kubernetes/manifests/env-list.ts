import type { EnvVar } from "../../../connections/index.ts";

/** Variables in order, each name once: a later value replaces an earlier one, and stands where the later one stood. */
export interface EnvList {
  add: (...variables: readonly EnvVar[]) => void;
  list: () => EnvVar[];
}

/** Kubernetes takes the last of two variables with one name, but server-side apply refuses them. */
export function createEnvList(): EnvList {
  const variables = new Map<string, EnvVar>();
  return {
    add(...added) {
      for (const variable of added) {
        variables.delete(variable.name);
        variables.set(variable.name, variable);
      }
    },
    list: () => [...variables.values()],
  };
}
