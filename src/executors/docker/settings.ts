import type { ContainerPlan, Plan } from "../../compile/index.ts";
import { readSize } from "../../config/index.ts";

/** Kubernetes' settings of a container, as the engine takes them: the user, limits, rights, aliases, the network. */
export interface HostSettings {
  hostConfig: Record<string, unknown>;
  labels: Record<string, string>;
  /** `UID[:GID]`; absent: the image's. */
  user?: string;
  /** Words about what is left out or changed. */
  leftOut: string[];
}

interface SecurityContext {
  runAsUser?: number;
  runAsGroup?: number;
  fsGroup?: number;
  supplementalGroups?: number[];
  privileged?: boolean;
  readOnlyRootFilesystem?: boolean;
  allowPrivilegeEscalation?: boolean;
  capabilities?: { add?: string[]; drop?: string[] };
}

/** What of `environment`, `securityContext` and `resources` is heard; every other key is told. */
const ENVIRONMENT = [
  "labels",
  "annotations",
  "securityContext",
  "hostNetwork",
  "hostAliases",
  "hostPID",
  "hostIPC",
  "dnsConfig",
];
const SECURITY = [
  "runAsUser",
  "runAsGroup",
  "fsGroup",
  "supplementalGroups",
  "privileged",
  "readOnlyRootFilesystem",
  "allowPrivilegeEscalation",
  "capabilities",
  "runAsNonRoot",
];
const CONTAINER = ["envFrom", "volumeMounts", "imagePullPolicy", "securityContext", "ports"];
const RESOURCES = ["cpu", "memory", "nvidia.com/gpu", "ephemeral-storage"];

export function hostSettings(container: ContainerPlan, plan: Plan): HostSettings {
  const pod = (plan.environment["securityContext"] ?? {}) as SecurityContext;
  const own = (container.rest["securityContext"] ?? {}) as SecurityContext;
  const user = own.runAsUser ?? pod.runAsUser;
  const group = own.runAsGroup ?? pod.runAsGroup;
  const { hostNetwork, hostPID, hostIPC } = plan.environment;
  return {
    hostConfig: {
      ...limits(container),
      ...rights(own),
      ...groups(pod),
      ...aliases(plan),
      ...nameServers(plan),
      ...(hostNetwork === true ? { NetworkMode: "host" } : {}),
      ...(hostPID === true ? { PidMode: "host" } : {}),
      ...(hostIPC === true ? { IpcMode: "host" } : {}),
    },
    labels: { ...textsOf(plan.environment["annotations"]), ...textsOf(plan.environment["labels"]) },
    ...(user === undefined ? {} : { user: group === undefined ? String(user) : `${user}:${group}` }),
    leftOut: leftOut(container, plan),
  };
}

/** The group that files get where the pod's security settings name one. */
export function fileGroup(plan: Plan): number | undefined {
  return ((plan.environment["securityContext"] ?? {}) as SecurityContext).fsGroup;
}

function limits({ resources = {} }: ContainerPlan): Record<string, unknown> {
  const { limits: most = {}, requests = {} } = resources as Record<string, Record<string, string | number>>;
  const cpu = cores(most["cpu"]);
  const shares = cores(requests["cpu"]);
  const memory = bytes(most["memory"]);
  const reserved = bytes(requests["memory"]);
  const gpus = Number(most["nvidia.com/gpu"] ?? requests["nvidia.com/gpu"] ?? 0);
  return {
    ...(cpu === undefined ? {} : { NanoCpus: Math.round(cpu * 1e9) }),
    // Kubernetes gives a container 1024 shares a core, and never fewer than 2.
    ...(shares === undefined ? {} : { CpuShares: Math.max(2, Math.round(shares * 1024)) }),
    // No swap beside it, as in a pod.
    ...(memory === undefined ? {} : { Memory: memory, MemorySwap: memory }),
    ...(reserved === undefined || (memory !== undefined && reserved > memory) ? {} : { MemoryReservation: reserved }),
    ...(gpus > 0 ? { DeviceRequests: [{ Driver: "", Count: gpus, Capabilities: [["gpu"]] }] } : {}),
  };
}

/** `500m`, `0.5`, `2`. */
function cores(written: string | number | undefined): number | undefined {
  const [, amount, milli] = /^(\d+(?:\.\d+)?)(m?)$/.exec(String(written ?? "")) ?? [];
  return amount === undefined ? undefined : Number(amount) / (milli === "m" ? 1000 : 1);
}

function bytes(written: string | number | undefined): number | undefined {
  return written === undefined ? undefined : readSize(written);
}

function rights(context: SecurityContext): Record<string, unknown> {
  const { privileged, readOnlyRootFilesystem, allowPrivilegeEscalation, capabilities } = context;
  return {
    ...(privileged === true ? { Privileged: true } : {}),
    ...(readOnlyRootFilesystem === true ? { ReadonlyRootfs: true } : {}),
    ...(allowPrivilegeEscalation === false ? { SecurityOpt: ["no-new-privileges"] } : {}),
    ...(capabilities?.add === undefined ? {} : { CapAdd: capabilities.add }),
    ...(capabilities?.drop === undefined ? {} : { CapDrop: capabilities.drop }),
  };
}

function groups({ fsGroup, supplementalGroups = [] }: SecurityContext): Record<string, unknown> {
  const all = [...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups];
  return all.length === 0 ? {} : { GroupAdd: all.map(String) };
}

function aliases({ environment }: Plan): Record<string, unknown> {
  const list = (environment["hostAliases"] ?? []) as { ip?: string; hostnames?: string[] }[];
  const hosts = list.flatMap(({ ip = "", hostnames = [] }) => hostnames.map((name) => `${name}:${ip}`));
  return hosts.length === 0 ? {} : { ExtraHosts: hosts };
}

function nameServers({ environment }: Plan): Record<string, unknown> {
  const { nameservers, searches } = (environment["dnsConfig"] ?? {}) as { nameservers?: string[]; searches?: string[] };
  return {
    ...(nameservers === undefined ? {} : { Dns: nameservers }),
    ...(searches === undefined ? {} : { DnsSearch: searches }),
  };
}

function textsOf(map: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(map ?? {}).map(([name, value]) => [name, String(value)]));
}

function leftOut(container: ContainerPlan, { environment }: Plan): string[] {
  const unknown = (prefix: string, map: unknown, known: readonly string[]): string[] =>
    Object.keys(map ?? {}).flatMap((key) => (known.includes(key) ? [] : [`${prefix}${key}`]));
  const { limits: most, requests } = (container.resources ?? {}) as Record<string, unknown>;
  return [
    ...unknown("environment.", environment, ENVIRONMENT),
    ...unknown("environment.securityContext.", environment["securityContext"], SECURITY),
    ...unknown("", container.rest, CONTAINER),
    ...unknown("securityContext.", container.rest["securityContext"], SECURITY),
    ...unknown("resources.limits.", most, RESOURCES),
    ...unknown("resources.requests.", requests, RESOURCES),
  ];
}
