import type { Plan } from "../../../compile/index.ts";
import type { Place, ProblemInput } from "../../../lib/index.ts";
import type { ContainerStatus, KubeEvent, Pod } from "../api/objects.ts";
import { statusesOf } from "./pods.ts";
import type { Trouble } from "./view.ts";

/** Why a pod does not start, if the cluster says so. */
export function waitingTrouble(
  pod: Pod,
  { plan, events, now }: { plan: Plan; events: readonly KubeEvent[]; now: number },
): Trouble | undefined {
  const own = events.filter(({ involvedObject }) => involvedObject.uid === pod.metadata.uid);
  for (const status of statusesOf(pod)) {
    const trouble = containerTrouble(status, plan);
    if (trouble !== undefined) return trouble;
  }
  return unscheduled(pod, { events: own, now, place: plan.main.place }) ?? notMounted(own);
}

/** Why no pod is made of a Job or a Deployment; `message` is the controller's. */
export function creationTrouble(message: string): Trouble {
  const said = message.replace(/^(Error creating: )?(pods "[^"]*" is forbidden: )?/, "");
  const quota = /exceeded quota: ([^,]+), requested: (.*), used: (.*), limited: (.*)$/.exec(said);
  if (quota !== null) {
    return trouble("QuotaExceeded", `the namespace's quota does not let the pod in: ${said}`, {
      code: "CLUSTER_REFUSED",
      hint: "ask for less in resources, wait for other runs to end, or have the quota raised",
      final: neverFits(quota[2]!, quota[4]!),
    });
  }
  const security = /violates PodSecurity "([^"]*)": (.*)$/.exec(said);
  const what =
    security === null
      ? {
          text: `the cluster does not admit the pod: ${said}`,
          hint: /per (Container|Pod)|must specify|must be less than/.test(said)
            ? "set container.resources; those of git steps are init.resources of the config"
            : "see what it asks for; the objects: bowline run --dry-run -o yaml",
        }
      : {
          text: `Pod Security "${security[1]}" of the namespace does not admit the pod: ${security[2]}`,
          hint: "set container.securityContext and environment.securityContext as it asks, also of custom init containers and sidecars",
        };
  return trouble(security === null ? "NotAdmitted" : "PodSecurity", what.text, {
    code: "CLUSTER_REFUSED",
    hint: what.hint,
    final: true,
  });
}

function containerTrouble({ name, state, image }: ContainerStatus, plan: Plan): Trouble | undefined {
  const { reason = "", message = "" } = state?.waiting ?? {};
  const place = placeOf(plan, name);
  const named = image === undefined || image === "" ? "" : ` "${image}"`;
  switch (reason) {
    case "ErrImagePull":
    case "ImagePullBackOff":
    case "ErrImageNeverPull":
    case "InvalidImageName":
    case "ErrInvalidImageName":
    case "RegistryUnavailable":
      return trouble(reason, `the image${named} of the container "${name}" cannot be pulled: ${message || reason}`, {
        code: "IMAGE_NOT_PULLED",
        hint: imageHint(reason, name, plan),
        // One failed try may be the registry's mood; what it does not have, it will not have at the next try.
        final:
          reason !== "ErrImagePull" ||
          /not found|denied|unauthorized|manifest unknown|does not exist|no such host/i.test(message),
        place,
      });
    case "CreateContainerConfigError":
      return missingData(message, name, place);
    case "CreateContainerError":
    case "RunContainerError":
      return trouble(reason, `the container "${name}" cannot be started: ${message}`, {
        code: "RUN_FAILED",
        hint: "see its command, image, working directory and mounts",
        final: true,
        place,
      });
    default:
      return undefined;
  }
}

/** A Secret or config map that is not there, or a key of it. */
function missingData(message: string, container: string, place: Place | undefined): Trouble {
  const gone = /(secret|configmap) "([^"]+)" not found/.exec(message);
  const key = /couldn't find key (\S+) in (Secret|ConfigMap) \S*?([^/\s]+)$/.exec(message);
  if (gone === null && key === null) {
    const root = /non-root|runAsNonRoot/.test(message);
    return trouble("CreateContainerConfigError", `the container "${container}" cannot be set up: ${message}`, {
      code: root ? "CLUSTER_REFUSED" : "RUN_FAILED",
      hint: root
        ? "set securityContext.runAsUser, or use an image with a numeric user"
        : "see its env, securityContext and mounts",
      // A node that has just heard of a Secret takes a moment to have it.
      final: root,
      place,
    });
  }
  const [noun, name, item] =
    gone === null
      ? [key![2]!, key![3]!, key![1]!]
      : [gone[1] === "secret" ? "Secret" : "ConfigMap", gone[2]!, undefined];
  return notThere({ noun, name, item, place });
}

function notMounted(events: readonly KubeEvent[]): Trouble | undefined {
  for (const { reason, message = "" } of events) {
    if (reason !== "FailedMount") continue;
    const gone = /(secret|configmap) "([^"]+)" not found/.exec(message);
    if (gone !== null) return notThere({ noun: gone[1] === "secret" ? "Secret" : "ConfigMap", name: gone[2]! });
    const key = /references non-existent (secret|config) key: (\S+)/.exec(message);
    if (key !== null) {
      const volume = /volume "([^"]+)"/.exec(message)?.[1] ?? "";
      const noun = key[1] === "secret" ? "Secret" : "ConfigMap";
      return trouble("KeyMissing", `a ${noun} that the volume "${volume}" mounts has no key "${key[2]}"`, {
        code: "SECRET_NOT_FOUND",
        hint: "put the key there, or name another under items",
        final: true,
      });
    }
  }
  return undefined;
}

function notThere({
  noun,
  name,
  item,
  place,
}: {
  noun: string;
  name: string;
  item?: string | undefined;
  place?: Place | undefined;
}): Trouble {
  const message =
    item === undefined
      ? `there is no ${noun} "${name}" in the namespace`
      : `the ${noun} "${name}" has no key "${item}"`;
  const command = `bowline secrets set ${name} ${item ?? "POLYAXON_GIT_CREDENTIALS"} --store kubernetes`;
  return trouble(item === undefined ? `${noun}Missing` : "KeyMissing", message, {
    code: "SECRET_NOT_FOUND",
    hint:
      noun === "Secret" ? `put it there: ${command}` : "put it there: bowline secrets apply -f FILE --store kubernetes",
    final: true,
    place,
  });
}

/** How long a pod may fit on no node before that counts as final, in milliseconds: an autoscaler says in less that it makes one. */
const SCALING_TIME = 30_000;

function unscheduled(
  { status, metadata }: Pod,
  { events, now, place }: { events: readonly KubeEvent[]; now: number; place: Place | undefined },
): Trouble | undefined {
  const condition = status?.conditions?.find(({ type, status: is }) => type === "PodScheduled" && is === "False");
  if (condition?.reason !== "Unschedulable" && condition?.reason !== "SchedulerError") return undefined;
  const said = condition.message ?? "";
  const busy = /Insufficient (cpu|memory|ephemeral-storage)|Too many pods/.test(said);
  // Cordoned, or with a taint that the cluster itself sets: not ready, under pressure.
  const away = /were unschedulable|\{node\.kubernetes\.io\//.test(said);
  const scaling = events.some(({ reason }) => reason === "TriggeredScaleUp" || reason === "Nominated");
  const waited = now - Date.parse(metadata.creationTimestamp ?? "") > SCALING_TIME;
  return trouble("Unschedulable", `no node can take the pod: ${said}`, {
    code: "RUN_UNSCHEDULABLE",
    hint: busy
      ? "it waits for room; ask for less in container.resources, or for more nodes"
      : away
        ? "it waits for a node to come back; see: kubectl get nodes"
        : "see environment.nodeSelector, affinity, tolerations and what the nodes have: kubectl get nodes --show-labels",
    final: waited && !busy && !away && !scaling,
    place,
  });
}

/** Whether one request alone is larger than its limit: then waiting does not help. */
function neverFits(requested: string, limited: string): boolean {
  const limits = new Map(pairs(limited));
  return pairs(requested).some(([name, amount]) => {
    const limit = limits.get(name);
    return limit !== undefined && quantity(amount) > quantity(limit);
  });
}

function pairs(text: string): [name: string, amount: string][] {
  return text.split(",").flatMap((part) => {
    const [name, amount] = part.split("=");
    return amount === undefined ? [] : [[name!.trim(), amount.trim()] as [string, string]];
  });
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
function quantity(text: string): number {
  const [, number = "0", unit = ""] = /^([\d.]+)([A-Za-z]*)$/.exec(text) ?? [];
  const binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].indexOf(unit) + 1;
  const decimal = ["k", "M", "G", "T", "P", "E"].indexOf(unit) + 1;
  return Number(number) * (unit === "m" ? 0.001 : binary > 0 ? 1024 ** binary : 1000 ** decimal);
}

function imageHint(reason: string, container: string, plan: Plan): string {
  const own = plan.init.some(
    (step) => step.name === container && (step.kind === "file" || (step.kind === "git" && step.handler === undefined)),
  );
  if (own)
    return "name an image with Bowline's initializer that the cluster can pull: init.image of the config, or --registry";
  if (reason.includes("Invalid")) return "write REGISTRY/NAME:TAG";
  return "see the name, and environment.imagePullSecrets for a private registry";
}

function placeOf(plan: Plan, container: string): Place | undefined {
  const step = plan.init.find(({ name }) => name === container);
  return step?.place ?? [plan.main, ...plan.sidecars].find(({ name }) => name === container)?.place;
}

function trouble(
  reason: string,
  message: string,
  { code, hint, final, place }: { code: ProblemInput["code"]; hint: string; final: boolean; place?: Place | undefined },
): Trouble {
  return { reason, message, final, problem: { code, message, hint, ...(place === undefined ? {} : { place }) } };
}
