import type { Connection } from "../connections/index.ts";
import type { ErrorCode } from "../lib/index.ts";
import {
  checkShape,
  type InitEntry,
  nodeAt,
  placeOf,
  plainData,
  type RunFields,
  schemas,
  sourceOf,
  type TerminationFields,
  type YamlMap,
  type YamlNode,
} from "../spec/index.ts";
import type { CompileInput } from "./input.ts";
import { connectionNotFound, draftInit, type InitDraft, type InitSettings, initStep } from "./init-steps.ts";
import { pathConflicts } from "./landing.ts";
import { mainContainer, sidecarContainers } from "./main-container.ts";
import { createNamer } from "./names.ts";
import { asMap, get, textOf, withEntry, withoutKeys } from "./node-edit.ts";
import type { Operation } from "./operation.ts";
import type { ResolvedParam } from "./params.ts";
import type { GitStep, InitStep, Plan } from "./plan.ts";
import { renderNode, type Rendering } from "./render-node.ts";
import type { Report } from "./report.ts";
import { connectionNames, templateNames } from "./template-context.ts";

interface PlanInput {
  input: CompileInput;
  operation: Operation;
  params: readonly ResolvedParam[];
  /** From params, before those of the file. */
  inits: readonly YamlMap[];
  report: Report;
}

/**
 * Fills in the templates and makes the plan. First the init entries without their containers, so that everything else
 * can name where a repository is; then the rest.
 */
export function buildPlan({ input, operation, params, inits, report }: PlanInput): Plan | undefined {
  const { catalog, context, policy } = input;
  const name = planName(input, operation, report);
  const names = templateNames({ params, connections: catalog.connections, context, name });
  const rendering: Rendering = { ...names, report, made: { characters: 0 } };
  const settings: InitSettings = { catalog: catalog.connections, policy, context, report };

  const entries = [...inits, ...listItems(get(operation.run, "init"))];
  const drafted = entries.map((entry) => ({ entry, draft: draftEntry(entry, rendering, settings) }));
  const drafts = drafted.flatMap(({ draft }) => draft ?? []);
  const initNames = Object.fromEntries(
    drafted.flatMap(({ entry, draft }) => [draft ? draftNames(draft) : standInNames(entry)].filter((one) => !!one)),
  );
  const full: Rendering = { ...rendering, context: { ...names.context, init: initNames } };
  const containers = drafts.map(
    ({ node }) => nodeAt(node, ["container"]) && renderNode(nodeAt(node, ["container"])!, full),
  );
  const run = renderNode(withoutKeys(operation.run, ["init"]), full) as YamlMap;
  const termination = readTermination(operation, full);
  if (report.errors.length > 0) return undefined;
  const { value: fields, problems } = checkShape(schemas.run, sourceOf(run, "")) as {
    value?: RunFields;
    problems: Report["errors"];
  };
  report.errors.push(...problems);
  if (!fields) return undefined;

  const namer = createNamer(chosenNames([...containers, ...listItems(get(run, "sidecars"))]));
  const init = drafts.flatMap((draft, index) => {
    const container = containers[index];
    const checked = container && checkContainer(draft, container, report);
    return (
      initStep(
        { ...draft, node: container ? withContainer(draft.node, container) : draft.node },
        checked?.container,
        namer,
        settings,
      ) ?? []
    );
  });
  const repositories = init.filter((step): step is GitStep => step.kind === "git");
  report.errors.push(...pathConflicts(init));
  const main = mainContainer({ run, fields, input, params, repositories, report });
  const sidecars = sidecarContainers({ run, fields, base: main.base, namer, report });
  const connections = usedConnections({ run, fields, init, catalog: catalog.connections, report });
  return {
    apiVersion: "bowline/v1",
    kind: fields.kind ?? "job",
    name,
    ...headFields(operation.head),
    params: recordOf(params),
    connections,
    artifactsPath: context.artifactsPath,
    init,
    main: main.container,
    sidecars,
    volumes: fields.volumes ?? [],
    environment: fields.environment ?? {},
    termination,
    ports: fields.ports ?? [],
    replicas: fields.replicas ?? 1,
  };
}

/**
 * Of a file that has errors already, what is wrong with its init entries and connections all the same: all but the
 * consequences of what was told before.
 */
export function checkNames({ input, operation, report }: Pick<PlanInput, "input" | "operation" | "report">): void {
  const own: Report = { errors: [], warnings: [] };
  const { catalog, context, policy } = input;
  const names = templateNames({ params: [], connections: catalog.connections, context, name: "" });
  const rendering: Rendering = { ...names, report: own, made: { characters: 0 } };
  for (const entry of listItems(get(operation.run, "init"))) {
    draftEntry(entry, rendering, { catalog: catalog.connections, policy, context, report: own });
  }
  for (const item of listItems(get(operation.run, "connections"))) {
    const name = textOf(item);
    if (name === undefined || name.includes("{{") || catalog.connections.has(name)) continue;
    own.errors.push(connectionNotFound(name, catalog.connections, placeOf(item.spot)));
  }
  report.errors.push(...own.errors.filter(({ code }) => INDEPENDENT.has(code)));
}

const INDEPENDENT: ReadonlySet<ErrorCode> = new Set([
  "CONNECTION_NOT_FOUND",
  "GIT_REVISION_INVALID",
  "GIT_FLAG_INVALID",
  "GIT_URL_INVALID",
  "PATH_INVALID",
]);

function listItems(node: YamlNode | undefined): readonly YamlNode[] {
  return node?.kind === "list" ? node.items : [];
}

function chosenNames(containers: readonly (YamlNode | undefined)[]): string[] {
  return containers.flatMap((container) => textOf(get(container, "name")) ?? []);
}

function draftEntry(entry: YamlNode, rendering: Rendering, settings: InitSettings): InitDraft | undefined {
  const map = asMap(entry);
  if (!map) return undefined;
  const before = settings.report.errors.length;
  const rendered = renderNode(withoutKeys(map, ["container"]), rendering) as YamlMap;
  if (settings.report.errors.length > before) return undefined;
  const container = nodeAt(map, ["container"]);
  const node = container ? withEntry(rendered, "container", map.entries.get("container")!) : rendered;
  // Templates in the container are filled in later, and checked then.
  const { value, problems } = checkShape(schemas.initEntry, sourceOf(rendered, ""));
  settings.report.errors.push(...problems);
  const shape = container?.kind === "map" ? (plainData(container) as InitEntry["container"]) : undefined;
  return value && draftInit(node, { ...(value as InitEntry), ...(shape && { container: shape }) }, settings);
}

function checkContainer(draft: InitDraft, container: YamlNode, report: Report): InitEntry | undefined {
  const node = withEntry({ ...draft.node, entries: new Map() }, "container", { key: container.spot, value: container });
  const { value, problems } = checkShape(schemas.initEntry, sourceOf(node, ""));
  report.errors.push(...problems);
  return value as InitEntry | undefined;
}

function withContainer(node: YamlMap, container: YamlNode): YamlMap {
  return withEntry(node, "container", { key: node.entries.get("container")!.key, value: container });
}

/** What templates may know of an init step: its connection's schema with what the step changes, and its place. */
function draftNames({ connection, work }: InitDraft): [string, unknown] | undefined {
  if (work.kind !== "git") return connection && [connection.name, connectionNames(connection)];
  const name = connection?.name ?? work.path.split("/").at(-1)!;
  const { url, revision } = work.ask;
  return [name, { ...(connection && connectionNames(connection)), url, revision: revision ?? null, path: work.path }];
}

/** For an entry that has an error, so that templates which name it are none. */
function standInNames(entry: YamlNode): [string, unknown] | undefined {
  const name = textOf(get(entry, "connection"));
  return name === undefined ? undefined : [name, { url: "", revision: null, path: "" }];
}

function planName(input: CompileInput, operation: Operation, report: Report): string {
  const given = input.name ?? textOf(get(operation.head, "name"));
  if (given !== undefined) {
    if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(given)) return given;
    const place = input.name === undefined && get(operation.head, "name");
    report.errors.push({
      code: "FIELD_INVALID",
      message: `"${given.slice(0, 80)}" cannot be the name of a run`,
      hint: "use letters, digits, dots, hyphens and underscores",
      ...(place && { place: placeOf(place.spot) }),
    });
    return given;
  }
  const file = input.files[0]!.name.split("/")
    .at(-1)!
    .replace(/\.(ya?ml|json)$/i, "");
  return (
    file
      .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
      .replace(/^[^A-Za-z0-9_]+|-+$/g, "")
      .slice(0, 128) || "run"
  );
}

function headFields(head: YamlMap): { description?: string; tags?: string[] } {
  const description = textOf(get(head, "description"));
  const node = get(head, "tags");
  const tags =
    node?.kind === "list" ? node.items.flatMap((item) => textOf(item) ?? []) : (textOf(node)?.split(",") ?? []);
  const trimmed = tags.map((tag) => tag.trim()).filter(Boolean);
  return { ...(description !== undefined && { description }), ...(trimmed.length > 0 && { tags: trimmed }) };
}

function readTermination(operation: Operation, rendering: Rendering): Plan["termination"] {
  const node = get(operation.head, "termination");
  if (node?.kind !== "map") return { maxRetries: 0 };
  const rendered = renderNode(node, rendering);
  const { value, problems } = checkShape(schemas.termination, sourceOf(rendered, ""));
  rendering.report.errors.push(...problems);
  const { maxRetries = 0, timeout, ttl } = (value ?? {}) as TerminationFields;
  return { maxRetries, ...(timeout !== undefined && { timeout }), ...(ttl !== undefined && { ttl }) };
}

function recordOf(params: readonly ResolvedParam[]): Record<string, unknown> {
  return Object.fromEntries(
    params.flatMap(({ name, value, connection }) => {
      if (value) return [[name, plainData(value)]];
      return connection === undefined ? [] : [[name, { connection }]];
    }),
  );
}

interface UsedConnections {
  run: YamlMap;
  fields: RunFields;
  init: readonly InitStep[];
  catalog: ReadonlyMap<string, Connection>;
  report: Report;
}

/** Every connection that the main container or a step names; an unknown one is told. */
function usedConnections({ run, fields, init, catalog, report }: UsedConnections): Record<string, Connection> {
  const used = new Map<string, Connection>();
  for (const [index, name] of (fields.connections ?? []).entries()) {
    const connection = catalog.get(name);
    if (connection) used.set(name, connection);
    else
      report.errors.push(connectionNotFound(name, catalog, placeOf((nodeAt(run, ["connections", index]) ?? run).spot)));
  }
  for (const step of init) {
    const name = step.kind === "file" ? undefined : step.connection;
    const connection = name === undefined ? undefined : catalog.get(name);
    if (connection) used.set(connection.name, connection);
  }
  return Object.fromEntries(used);
}
