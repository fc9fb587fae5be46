import { initContainers, type InitInput } from "./init-containers.ts";
import { GRACE, podDeadline } from "./deadlines.ts";
import { ownerOf, podSecurity } from "./security.ts";
import { userContainer } from "./user-container.ts";

export interface PodInput extends Omit<InitInput, "token"> {
  labels: Readonly<Record<string, string>>;
  restartPolicy: "Never" | "Always";
}

/** The pod's template: the user's `environment` as it is, init steps in order, sidecars, the main container. */
export function podTemplate(input: PodInput): object {
  const { plan, config, volumes, labels, restartPolicy } = input;
  const { environment } = plan;
  const { labels: ownLabels, annotations, imagePullSecrets, hostAliases, ...pod } = environment as Environment;
  delete pod.restartPolicy;
  const token = pod.serviceAccountName !== undefined;
  const init = initContainers({ ...input, token });
  const main = userContainer(plan.main, {}, input);
  const aliases = [...(hostAliases ?? []), ...(config.init.hostAliases ?? [])];
  const security = podSecurity(plan, ownerOf(plan));
  return {
    metadata: {
      labels: { ...ownLabels, ...labels },
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      ...(token ? {} : { automountServiceAccountToken: false }),
      ...pod,
      enableServiceLinks: false,
      ...(imagePullSecrets === undefined
        ? {}
        : { imagePullSecrets: imagePullSecrets.map((name) => (typeof name === "string" ? { name } : name)) }),
      ...(aliases.length === 0 ? {} : { hostAliases: aliases }),
      ...(security === undefined ? {} : { securityContext: security }),
      ...podDeadline(plan),
      restartPolicy,
      terminationGracePeriodSeconds: GRACE,
      initContainers: init,
      containers: [main],
      volumes: volumes.list(),
    },
  };
}

interface Environment {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  imagePullSecrets?: (string | object)[];
  hostAliases?: object[];
  serviceAccountName?: string;
  restartPolicy?: string;
  securityContext?: object;
  [field: string]: unknown;
}
