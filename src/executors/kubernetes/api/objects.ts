/** The parts of Kubernetes' objects that are read here: https://kubernetes.io/docs/reference/kubernetes-api/ */
export interface KubeObject {
  metadata: ObjectMeta;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { uid: string }[];
}

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export interface Job extends KubeObject {
  spec: { backoffLimit?: number; activeDeadlineSeconds?: number };
  status?: {
    conditions?: Condition[];
    startTime?: string;
    completionTime?: string;
    failed?: number;
    succeeded?: number;
    active?: number;
  };
}

export interface Deployment extends KubeObject {
  spec: { replicas?: number };
  status?: { conditions?: Condition[]; availableReplicas?: number; readyReplicas?: number; replicas?: number };
}

export interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: {
    exitCode: number;
    signal?: number;
    reason?: string;
    message?: string;
    startedAt?: string;
    finishedAt?: string;
  };
}

export interface ContainerStatus {
  name: string;
  state?: ContainerState;
  lastState?: ContainerState;
  restartCount: number;
  ready?: boolean;
  image?: string;
}

export interface ContainerSpec {
  name: string;
  resources?: { limits?: { memory?: string } };
}

export interface Pod extends KubeObject {
  /** Ours: it is not in the cluster any more; this is its last state. */
  gone?: true;
  spec?: {
    nodeName?: string;
    terminationGracePeriodSeconds?: number;
    containers?: ContainerSpec[];
    initContainers?: ContainerSpec[];
  };
  status?: {
    phase?: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";
    reason?: string;
    message?: string;
    startTime?: string;
    conditions?: Condition[];
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
}

export interface KubeEvent extends KubeObject {
  involvedObject: { kind?: string; name?: string; uid?: string; fieldPath?: string };
  type?: string;
  reason?: string;
  message?: string;
  count?: number;
  eventTime?: string | null;
  firstTimestamp?: string | null;
  lastTimestamp?: string | null;
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

export interface Secret extends KubeObject {
  data?: Record<string, string>;
}
