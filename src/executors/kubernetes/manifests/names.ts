import { createHash } from "node:crypto";
import type { Plan } from "../../../compile/index.ts";

/** Labels and annotations of our own. */
export const UUID_LABEL = "bowline/uuid";
/** What an object is for: `record`, `run`, `pin`, `check`. */
export const ROLE_LABEL = "bowline/role";
/** The part of a run a volume or object that is not the user's belongs to. */
export const MANAGED_BY = "app.kubernetes.io/managed-by=bowline";

/** Room for a pod's own suffixes in the 63 characters of a label. */
const LONGEST_SLUG = 18;

/** The record's name; the uuid is all that is needed to find it. */
export function recordName(uuid: string): string {
  return `bowline-${uuid}`;
}

/** Name of a run's Job, Deployment and Service: legal for each of them (RFC 1035), readable, and never another run's. */
export function objectName(plan: Pick<Plan, "name">, uuid: string): string {
  const slug = slugOf(plan.name, LONGEST_SLUG);
  return `${/^[a-z]/.test(slug) ? slug : `r-${slug}`.slice(0, LONGEST_SLUG).replace(/-+$/, "")}-${uuid}`;
}

/** Lower-case letters, digits and hyphens; two texts that differ stay apart by a hash where the rule takes something away. */
export function slugOf(text: string, longest: number): string {
  const slug = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  if (slug === text && slug.length <= longest && slug !== "") return slug;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 6);
  return `${slug.slice(0, longest - 7).replace(/-+$/, "") || "x"}-${hash}`;
}

/** A label's value (63 characters of letters, digits, `.`, `_`, `-`), as near to the text as it may be. */
export function labelValue(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .slice(0, 63)
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
}

/** Labels of every object of a run: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */
export function labelsOf(plan: Pick<Plan, "name" | "kind">, { uuid, role }: { uuid: string; role: string }) {
  return {
    "app.kubernetes.io/name": labelValue(plan.name) || "run",
    "app.kubernetes.io/instance": uuid,
    "app.kubernetes.io/component": plan.kind,
    "app.kubernetes.io/managed-by": "bowline",
    [UUID_LABEL]: uuid,
    [ROLE_LABEL]: role,
  };
}

/** The log of each container, by the container's name: `main`, `init/<name>`, `sidecar/<name>`. The names in a plan are legal and unique. */
export function logNames(plan: Plan): Record<string, string> {
  return Object.fromEntries([
    ...plan.init.map(({ name }) => [name, `init/${name}`]),
    ...plan.sidecars.map(({ name }) => [name, `sidecar/${name}`]),
    [plan.main.name, "main"],
  ]);
}
