import type { Plan } from "../../../compile/index.ts";
import { jobDeadline } from "./deadlines.ts";
import type { Manifest } from "./manifest.ts";
import { UUID_LABEL } from "./names.ts";

export interface WorkloadInput {
  plan: Plan;
  name: string;
  namespace: string;
  uuid: string;
  labels: Readonly<Record<string, string>>;
  pod: object;
}

/** A job is a `batch/v1` Job; a service is a Deployment, and a Service where it has ports. */
export function workloads(input: WorkloadInput): Manifest[] {
  return input.plan.kind === "job" ? [job(input)] : [deployment(input), ...service(input)];
}

function job({ plan, pod, ...input }: WorkloadInput): Manifest {
  const { maxRetries, ttl } = plan.termination;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: metadata(input),
    spec: {
      backoffLimit: maxRetries,
      ...jobDeadline(plan),
      ...(ttl === undefined ? {} : { ttlSecondsAfterFinished: ttl }),
      ...refusals(plan),
      template: pod,
    },
  };
}

/** What the initializer refuses (usage, policy, not found, not let in) another attempt would be refused, too: exit codes of the design. */
function refusals(plan: Plan): object {
  const own = plan.init.filter((step) => step.kind === "git" && step.handler === undefined);
  const rules = own.map(({ name: containerName }) => ({
    action: "FailJob",
    onExitCodes: { containerName, operator: "In", values: [2, 3, 4] },
  }));
  return rules.length === 0 ? {} : { podFailurePolicy: { rules } };
}

function deployment({ plan, pod, ...input }: WorkloadInput): Manifest {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(input),
    spec: { replicas: plan.replicas, selector: selector(input.uuid), template: pod },
  };
}

function service({ plan, ...input }: WorkloadInput): Manifest[] {
  if (plan.ports.length === 0) return [];
  const ports = plan.ports.map((port) => ({ name: `port-${port}`, port, targetPort: port, protocol: "TCP" }));
  const spec = { selector: selector(input.uuid).matchLabels, ports };
  return [{ apiVersion: "v1", kind: "Service", metadata: metadata(input), spec }];
}

function selector(uuid: string) {
  return { matchLabels: { [UUID_LABEL]: uuid } };
}

function metadata({ name, namespace, labels }: Pick<WorkloadInput, "name" | "namespace" | "labels">) {
  return { name, namespace, labels };
}
