/** Where a pod's manifest names a Secret: variables, volumes, projected volumes. */
const REFERENCES: ReadonlySet<string> = new Set(["secretKeyRef", "secretRef", "secret"]);

/** The Secrets that a part of a plan names in Kubernetes' own words. */
export function secretNamesIn(value: unknown): Set<string> {
  const names = new Set<string>();
  const visit = (each: unknown): void => {
    if (typeof each !== "object" || each === null) return;
    for (const [key, below] of Object.entries(each)) {
      const { name, secretName } = (below ?? {}) as { name?: unknown; secretName?: unknown };
      if (REFERENCES.has(key) && typeof (name ?? secretName) === "string") names.add((name ?? secretName) as string);
      visit(below);
    }
  };
  visit(value);
  return names;
}
