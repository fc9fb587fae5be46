import type { ContainerPlan, Plan } from "../../compile/index.ts";
import type { Config } from "../../config/index.ts";
import { mountedJobGit } from "../../git/index.ts";
import { hostSettings } from "../docker/settings.ts";
import { volumeBinds } from "../docker/volumes.ts";
import { expandVariables } from "../expand-variables.ts";
import { CONTEXT } from "../places.ts";
import type { ComposeSecrets, ServiceSecret } from "./compose-secrets.ts";

/** A service of a compose file, as far as we write it: https://github.com/compose-spec/compose-spec/blob/main/05-services.md */
export interface ComposeService {
  image?: string;
  entrypoint?: string[];
  command?: string[];
  user?: string;
  working_dir?: string;
  environment?: Record<string, string>;
  env_file?: string[];
  volumes?: string[];
  secrets?: ServiceSecret[];
  depends_on?: Record<string, { condition: "service_completed_successfully" | "service_started" }>;
  network_mode?: string;
  ports?: string[];
  restart?: string;
  scale?: number;
  [key: string]: unknown;
}

export interface ComposeShared {
  plan: Plan;
  config: Config;
  uuid: string;
  secrets: ComposeSecrets;
  /** `VOLUME:TARGET` that every service has. */
  mounts: readonly string[];
}

export interface ServiceInput extends ComposeShared {
  log: string;
  connections: readonly string[];
  more?: Readonly<Record<string, string>>;
}

/** A container of the user's. */
export function composeService(container: ContainerPlan, input: ServiceInput): ComposeService {
  const { plan, config, secrets, connections, more = {} } = input;
  const own = ownEnv(container, input);
  const known = connections.flatMap((name) => plan.connections[name] ?? []);
  const withSecret = known.flatMap(({ secret }) => secret ?? []);
  const gits = connections.flatMap((name, index) => secrets.forJob(name, `/bowline/secrets/${index}`) ?? []);
  const safeDirectories = plan.init.flatMap((step) => (step.kind === "git" ? [step.path] : []));
  const git =
    gits.length === 0 && safeDirectories.length === 0
      ? {}
      : mountedJobGit({
          ...{ connections: gits.map(({ connection }) => connection), safeDirectories, env: own },
          policy: config.policy,
        }).env;
  const mounted = withSecret.flatMap((secret) =>
    secret.mountPath === undefined ? [] : secrets.inFolder(secret, secret.mountPath),
  );
  const files = withSecret.flatMap((secret) => (secret.mountPath === undefined ? [secrets.variables(secret)] : []));
  const { hostConfig, user, labels } = hostSettings(container, plan);
  const volumes = volumeBinds(container, plan, (name) => `volume-${name}`).binds;
  const env = { ...more, ...own };
  const words = (list: readonly string[]) => list.map((word) => dollars(expandVariables(word, env)));
  const used = [...gits.flatMap((each) => each.secrets), ...mounted];
  return {
    ...(container.image === undefined ? {} : { image: container.image }),
    ...(container.command === undefined ? {} : { entrypoint: words(container.command) }),
    ...(container.args === undefined && container.command === undefined
      ? {}
      : { command: words(container.args ?? []) }),
    ...(user === undefined ? {} : { user }),
    ...(container.workingDir === undefined ? {} : { working_dir: container.workingDir }),
    environment: escaped({ ...more, ...git }, own),
    ...(files.length === 0 ? {} : { env_file: [...new Set(files)] }),
    volumes: [...input.mounts, ...volumes],
    ...(used.length === 0 ? {} : { secrets: used }),
    ...(Object.keys(labels).length === 0 ? {} : { labels: escaped(labels, {}) }),
    ...limitsOf(hostConfig),
    init: true,
  };
}

/** Compose fills in `$NAME`; what is meant as it stands has its dollars twice. */
export function dollars(text: string): string {
  return text.replaceAll("$", "$$$$");
}

/** Values of the plan, and references to those that are secret: `${SECRET_KEY:?}` is taken from the environment or `.env`. */
function ownEnv(container: ContainerPlan, { uuid, plan }: ServiceInput): Record<string, string> {
  const env: Record<string, string> = { POLYAXON_CONTEXT_ROOT: CONTEXT, BOWLINE_RUN_UUID: uuid };
  for (const { name, value, valueFrom } of container.env) {
    if (valueFrom === undefined) env[name] = expandVariables(value ?? "", env);
    const { secretKeyRef, configMapKeyRef, fieldRef } = (valueFrom ?? {}) as {
      secretKeyRef?: { name: string; key: string };
      configMapKeyRef?: { name: string; key: string };
      fieldRef?: { fieldPath?: string };
    };
    const reference = secretKeyRef ?? configMapKeyRef;
    if (reference !== undefined) env[name] = referenceTo(reference);
    else if (fieldRef?.fieldPath === "metadata.name") env[name] = plan.name;
    else if (fieldRef?.fieldPath === "metadata.uid") env[name] = uuid;
  }
  return env;
}

const REFERENCE = /^\$\{[A-Z0-9_]+:\?[^}]*\}$/;

function referenceTo({ name, key }: { name: string; key: string }): string {
  const variable = `${name}_${key}`.toUpperCase().replaceAll(/[^A-Z0-9_]/g, "_");
  return `\${${variable}:?the key ${key} of ${name}}`;
}

function escaped(
  plain: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const entries = Object.entries({ ...plain, ...own });
  return Object.fromEntries(entries.map(([name, value]) => [name, REFERENCE.test(value) ? value : dollars(value)]));
}

/** The engine's settings by compose's names. */
function limitsOf(host: Readonly<Record<string, unknown>>): Partial<ComposeService> {
  const gpus = (host["DeviceRequests"] as { Count: number }[] | undefined)?.[0]?.Count;
  const limits = {
    ...(host["NanoCpus"] === undefined ? {} : { cpus: String(Number(host["NanoCpus"]) / 1e9) }),
    ...(host["Memory"] === undefined ? {} : { memory: `${Number(host["Memory"])}b` }),
  };
  const devices = gpus === undefined ? undefined : [{ driver: "nvidia", count: gpus, capabilities: ["gpu"] }];
  const resources = {
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(devices === undefined ? {} : { reservations: { devices } }),
  };
  const names: [key: string, name: string][] = [
    ["NetworkMode", "network_mode"],
    ["PidMode", "pid"],
    ["IpcMode", "ipc"],
    ["Privileged", "privileged"],
    ["ReadonlyRootfs", "read_only"],
    ["SecurityOpt", "security_opt"],
    ["CapAdd", "cap_add"],
    ["CapDrop", "cap_drop"],
    ["GroupAdd", "group_add"],
    ["ExtraHosts", "extra_hosts"],
    ["Dns", "dns"],
    ["DnsSearch", "dns_search"],
  ];
  return {
    ...Object.fromEntries(names.flatMap(([key, name]) => (host[key] === undefined ? [] : [[name, host[key]]]))),
    ...(Object.keys(resources).length === 0 ? {} : { deploy: { resources } }),
  };
}
