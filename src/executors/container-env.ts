import type { ContainerPlan, Plan } from "../compile/index.ts";
import type { Connection, EnvVar } from "../connections/index.ts";
import { BowlineError } from "../lib/index.ts";
import { connectionEnv, type MountSecret, variablesOf } from "./connection-env.ts";
import type { ExecutionContext } from "./executor.ts";
import { expandVariables } from "./expand-variables.ts";

export interface ContainerEnvInput {
  plan: Plan;
  context: ExecutionContext;
  container: ContainerPlan;
  /** Connections it is given: the container's own, or the init step's. */
  connections: readonly string[];
  mountSecret: MountSecret;
  /** What it has before anything of the plan. */
  base?: Readonly<Record<string, string>>;
  /** `/plx-context`, or the folder that stands for it. */
  contextPath: string;
  /** Of the step, such as BOWLINE_GIT_COMMIT. */
  more?: Readonly<Record<string, string>>;
}

/** The environment that a plan gives to a container. Of two values for one name the later wins: `base`, connections, `envFrom`, `env`. */
export async function containerEnv(input: ContainerEnvInput): Promise<Record<string, string>> {
  const { plan, context, container } = input;
  const env: Record<string, string> = {
    ...input.base,
    // Where Polyaxon's own libraries look for their files. POLYAXON_RUN_INSTANCE is not set: they take it for a server that is there to talk to.
    POLYAXON_CONTEXT_ROOT: input.contextPath,
    ...(await allConnections(input)),
    ...input.more,
  };
  Object.assign(env, await fromReferences(container, context));
  for (const variable of container.env) {
    const value = await valueOf(variable, { plan, context, container });
    if (value !== undefined) env[variable.name] = expandVariables(value, env);
  }
  return { ...env, BOWLINE_RUN_UUID: context.uuid };
}

/** Two connections may have a key of the same name: the first one's stands. */
async function allConnections({
  plan,
  context,
  connections,
  mountSecret,
}: ContainerEnvInput): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  const known = connections.flatMap((name) => plan.connections[name] ?? []);
  for (const connection of known) {
    for (const [name, value] of Object.entries(await connectionEnv(connection, { context, mountSecret }))) {
      if (env[name] === undefined) env[name] = value;
      else if (env[name] !== value) context.onEvent({ type: "warning", warning: twice(name, connection) });
    }
  }
  if (known.length > 0) env.POLYAXON_CONNECTIONS_CATALOG = JSON.stringify(known.map(catalogEntry));
  return env;
}

/** As Polyaxon's own catalog variable has them; a secret is named, never shown. */
function catalogEntry({ place: _place, ...connection }: Connection): Omit<Connection, "place"> {
  return connection;
}

/** Two connections of one container have a variable of this name. */
export function twice(name: string, connection: Connection) {
  return {
    code: "VARIABLE_TWICE",
    message: `"${name}" of the connection "${connection.name}" is left out: another connection of this container sets it`,
    hint: "git itself gets the credential of each; a program that reads the variable gets the first one's",
    connection: connection.name,
  };
}

interface FromReference {
  prefix?: string;
  secretRef?: { name: string; optional?: boolean };
  configMapRef?: { name: string; optional?: boolean };
}

/** Kubernetes' `envFrom`. */
async function fromReferences(container: ContainerPlan, context: ExecutionContext): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  const list = Array.isArray(container.rest.envFrom) ? (container.rest.envFrom as FromReference[]) : [];
  for (const { prefix = "", secretRef, configMapRef } of list) {
    const reference = secretRef ?? configMapRef;
    if (reference === undefined) continue;
    const data = await readData({ context, kind: secretRef === undefined ? "configMap" : "secret", ...reference });
    const variables = variablesOf([...(data ?? [])], { context, name: reference.name });
    for (const [name, value] of Object.entries(variables)) env[prefix + name] = value;
  }
  return env;
}

interface KeyReference {
  name: string;
  key: string;
  optional?: boolean;
}

/** Kubernetes' `value` and `valueFrom`; undefined for an optional one that is not there. */
async function valueOf(
  { name, value, valueFrom }: EnvVar,
  { plan, context, container }: Pick<ContainerEnvInput, "plan" | "context" | "container">,
): Promise<string | undefined> {
  if (valueFrom === undefined) return value ?? "";
  const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom as {
    secretKeyRef?: KeyReference;
    configMapKeyRef?: KeyReference;
    fieldRef?: { fieldPath?: string };
  };
  const reference = secretKeyRef ?? configMapKeyRef;
  if (reference !== undefined) {
    const data = await readData({ context, kind: secretKeyRef === undefined ? "configMap" : "secret", ...reference });
    const found = data?.get(reference.key)?.toString();
    if (found === undefined && reference.optional !== true) throw keyMissing(reference, container);
    return found;
  }
  if (fieldRef?.fieldPath === "metadata.name") return plan.name;
  if (fieldRef?.fieldPath === "metadata.uid") return context.uuid;
  context.onEvent({
    type: "warning",
    warning: {
      code: `NOT_ON_${context.config.executor.kind.toUpperCase()}`,
      message: `the variable "${name}" asks for what only a cluster knows; it is not set`,
      hint: "give it a value for a local run, for example by a preset",
      ...(container.place === undefined ? {} : { place: container.place }),
    },
  });
  return undefined;
}

async function readData(from: {
  context: ExecutionContext;
  kind: "secret" | "configMap";
  name: string;
  optional?: boolean;
}) {
  const { context, kind, name, optional } = from;
  try {
    return await (kind === "secret" ? context.readSecret(name) : context.readConfigMap(name));
  } catch (error) {
    if (optional === true && error instanceof BowlineError && error.code === "SECRET_NOT_FOUND") return undefined;
    throw error;
  }
}

function keyMissing({ name, key }: KeyReference, { place }: ContainerPlan): BowlineError {
  return new BowlineError({
    code: "SECRET_NOT_FOUND",
    message: `"${name}" has no key "${key}"`,
    hint: `store it with: bowline secrets set ${name} ${key}`,
    ...(place === undefined ? {} : { place }),
  });
}
