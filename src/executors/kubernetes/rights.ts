import type { KubeApi } from "./api/kube-api.ts";

/** One right: a verb on a kind of object. */
export interface Right {
  group: string;
  resource: string;
  verb: string;
  /** Without it runs work, and something is not as good. */
  without?: string;
}

const ALL = ["get", "list", "watch", "create", "patch", "delete"];

/** What Bowline asks of a namespace, and nothing more: one rule a kind of object. */
const RULES: readonly { group: string; resource: string; verbs: readonly string[]; without?: string }[] = [
  { group: "", resource: "configmaps", verbs: ALL },
  { group: "", resource: "pods", verbs: ALL },
  { group: "", resource: "pods/log", verbs: ["get"] },
  { group: "batch", resource: "jobs", verbs: ALL },
  { group: "apps", resource: "deployments", verbs: ALL },
  { group: "", resource: "services", verbs: ["get", "create", "patch", "delete"] },
  {
    group: "",
    resource: "events",
    verbs: ["list", "watch"],
    without: "why a pod is not made or not scheduled is not seen",
  },
  {
    group: "",
    resource: "secrets",
    verbs: ["get"],
    without: "revisions are pinned by a pod in the cluster, and logs are shown as they are, without masks",
  },
];

export function rightsNeeded(): Right[] {
  return RULES.flatMap(({ verbs, ...rest }) => verbs.map((verb) => ({ ...rest, verb })));
}

/** The Role with these rights. */
export function roleManifest(namespace: string): object {
  const rules = RULES.map(({ group, resource, verbs }) => ({
    apiGroups: [group],
    resources: [resource],
    verbs: [...verbs],
  }));
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name: "bowline", namespace },
    rules,
  };
}

/** Whether this user has the right. */
export async function hasRight(
  api: KubeApi,
  { namespace, right }: { namespace: string; right: Right },
): Promise<boolean> {
  const [resource, subresource] = right.resource.split("/");
  const review = await api.post<{ status?: { allowed?: boolean } }>(
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: {
        resourceAttributes: {
          namespace,
          verb: right.verb,
          group: right.group,
          resource,
          ...(subresource === undefined ? {} : { subresource }),
        },
      },
    },
  );
  return review.status?.allowed === true;
}
