import type { Catalog, Connection, CredentialEntry } from "../connections/index.ts";
import { BowlineError, type Place, type Problem, type ProblemInput } from "../lib/index.ts";
import { checkShape, readYaml, type YamlSource } from "../spec/index.ts";
import type { Config, ExecutorChoice, InitSettings, Policy } from "./config.ts";
import { configSchemaFor } from "./config-schema.ts";
import { DEFAULT_POLICY } from "./default-policy.ts";
import { checkNames, foreignKeys } from "./name-checks.ts";
import { untrustedProblem } from "./trust.ts";

/** What a config file says. */
export interface ReadConfig extends Pick<Config, "executor" | "registry" | "catalog" | "init" | "policy" | "warnings"> {
  /** Where the file has a path, if it has it. */
  placeOf: (path: readonly PropertyKey[]) => Place | undefined;
}

/** Reads the text of a config. Throws all problems at once, each with its place. */
export function readConfig(text: string, { path, trusted }: { path: string; trusted: boolean }): ReadConfig {
  const source = readYaml(text, path);
  const problems: ProblemInput[] = [...source.problems];
  const warnings: Problem[] = [];
  const data = source.value;
  if (problems.length > 0 || data === undefined || data === null) {
    if (problems.length > 0) throw new BowlineError(problems);
    return { ...resultOf({}, source, trusted), warnings };
  }
  const shape = checkShape(configSchemaFor(data, rulesOf(data, trusted)), source);
  problems.push(...shape.problems, ...checkNames(source, warnings));
  const passedOver = trusted ? [] : policyPassedOver(source, path);
  // What its own policy would allow is a problem as long as that is not in force.
  if (problems.length > 0) throw new BowlineError([...problems, ...passedOver]);
  warnings.push(...passedOver);
  foreignKeys(source, warnings);
  const file = shape.value as unknown as ConfigFile;
  return { ...resultOf(file, source, trusted), warnings: [...warnings, ...polyaxonInit(file.init, source)] };
}

function policyPassedOver(source: YamlSource, path: string): (Problem & ProblemInput)[] {
  if (!isWritten(source.value, ["policy"])) return [];
  return [untrustedProblem({ path }, 'set "policy", which is passed over', source.place(["policy"], "key"))];
}

/** The data of a config that passed its schema. */
interface ConfigFile {
  executor?: ExecutorChoice["kind"] | ExecutorChoice;
  registry?: string;
  connections?: Connection[];
  credentials?: CredentialEntry[];
  init?: InitSettings & { imageTag?: string; imagePullPolicy?: string };
  policy?: Partial<Omit<Policy, "timeouts" | "cache">> & {
    timeouts?: Partial<Policy["timeouts"]>;
    cache?: Partial<Policy["cache"]>;
  };
}

function resultOf(file: ConfigFile, source: YamlSource, trusted: boolean): Omit<ReadConfig, "warnings"> {
  const { executor = "process" } = file;
  return {
    executor: typeof executor === "string" ? { kind: executor } : executor,
    ...(file.registry === undefined ? {} : { registry: file.registry }),
    catalog: catalogOf(file, source),
    init: initOf(file.init),
    policy: policyOf(trusted ? file.policy : undefined),
    placeOf: (path) => (isWritten(source.value, path) ? source.place(path, "key") : undefined),
  };
}

function isWritten(data: unknown, path: readonly PropertyKey[]): boolean {
  let value = data;
  for (const step of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[step];
  return value !== undefined && value !== null;
}

function catalogOf({ connections = [], credentials = [] }: ConfigFile, source: YamlSource): Catalog {
  const placed = <T>(entry: T, path: PropertyKey[]): T => {
    const place = source.place(path);
    return place ? { ...entry, place } : entry;
  };
  return {
    connections: new Map(connections.map((entry, index) => [entry.name, placed(entry, ["connections", index])])),
    credentials: credentials.map((entry, index) => placed(entry, ["credentials", index])),
  };
}

/** The image that Polyaxon's chart names is its own initializer, which is of no use here. */
function initOf(init: ConfigFile["init"] = {}): InitSettings {
  const { imageTag, imagePullPolicy, image, ...rest } = init;
  const foreign = imageTag !== undefined || imagePullPolicy !== undefined || image?.startsWith("polyaxon/");
  return image === undefined || foreign ? rest : { image, ...rest };
}

function polyaxonInit(init: ConfigFile["init"], source: YamlSource): Problem[] {
  if (init === undefined || Object.keys(initOf(init)).length === Object.keys(init).length) return [];
  const place = source.place(["init"], "key");
  const message =
    '"init" has settings of Polyaxon\'s own initializer (image, imageTag, imagePullPolicy), which are not used';
  const hint = "name an image with Bowline's initializer by `init: {image: …}` alone, or leave them";
  return [{ code: "CONFIG_FOREIGN_KEYS", message, hint, ...(place && { place }) }];
}

function policyOf(written: ConfigFile["policy"] = {}): Policy {
  const { timeouts, fsck, cache, ...rest } = written;
  return {
    ...DEFAULT_POLICY,
    ...rest,
    timeouts: { ...DEFAULT_POLICY.timeouts, ...timeouts },
    cache: { ...DEFAULT_POLICY.cache, ...cache },
    fsck: { ignore: [...new Set([...DEFAULT_POLICY.fsck.ignore, ...(fsck?.ignore ?? [])])] },
  };
}

/** What connections are checked by. A policy that is itself wrong is told of elsewhere; here its defaults stand in. */
function rulesOf(data: unknown, trusted: boolean): { schemes: readonly string[]; flags?: readonly string[] } {
  const policy = trusted ? (data as { policy?: { schemes?: unknown; flags?: unknown } }).policy : undefined;
  const texts = (value: unknown) =>
    Array.isArray(value) && value.every((one) => typeof one === "string") ? (value as string[]) : undefined;
  const flags = texts(policy?.flags);
  return { schemes: texts(policy?.schemes) ?? DEFAULT_POLICY.schemes, ...(flags && { flags }) };
}
