import { posix } from "node:path";
import { BowlineError, type ProblemInput } from "../lib/index.ts";
import { nodeAt, type PatchStrategy, placeOf, type YamlMap, type YamlNode } from "../spec/index.ts";
import type { Fragment } from "./fragment.ts";
import type { CompileInput } from "./input.ts";
import { asMap, get, mapOf, spotOfKey, textOf, withEntry, withoutKeys } from "./node-edit.ts";
import { applyPatch } from "./patch.ts";
import { readPolyaxonfile, readPreset } from "./read-file.ts";
import type { Report } from "./report.ts";

/** A component with everything that an operation and presets change in it. */
export interface Operation {
  /** The component's own map: inputs, outputs. */
  component: YamlMap;
  run: YamlMap;
  /** Name, description, tags, termination of the run: the operation's, else the component's. */
  head: YamlMap;
  params: YamlMap | undefined;
  build?: YamlMap;
}

const HEAD = ["name", "description", "tags", "termination"];

/** Reads all files and makes one operation of them. Undefined when that cannot be done, which is told. */
export function readOperation(input: CompileInput, report: Report): Operation | undefined {
  const [file, ...presetFiles] = input.files;
  if (!file) throw new TypeError("nothing to compile");
  const fragment = readPolyaxonfile(file, report);
  const presets = presetFiles.flatMap((one) => readPreset(one, report) ?? []);
  const found = fragment && findComponent(fragment, { file: file.name, input, report });
  const run = asMap(get(found?.root, "run"));
  if (!fragment || !found || !run) {
    if (fragment && report.errors.length === 0) report.errors.push(notWrittenOut((found ?? fragment).root));
    return undefined;
  }
  const isOperation = fragment.kind === "operation";
  const operation: Operation = {
    component: found.root,
    run,
    head: applyPatch(
      only(found.root, HEAD),
      isOperation ? only(fragment.root, HEAD) : mapOf(fragment.root.spot, {}),
      "post_merge",
    ),
    params: asMap(get(fragment.root, "params")),
    ...(found.build && { build: found.build }),
  };
  if (isOperation) operation.run = patchRun(operation.run, fragment.root);
  for (const preset of presets) applyPreset(operation, preset);
  return operation;
}

/** A template may stand for most values, but not for what is to be run. */
function notWrittenOut(root: YamlMap): ProblemInput {
  const key = ["run", ...REFERENCES].find((one) => root.entries.has(one)) ?? "run";
  return {
    code: "FIELD_INVALID",
    message: `"${key}" cannot be a template`,
    hint: "write it out: templates are rendered within the run",
    place: placeOf(get(root, key)?.spot ?? root.spot),
  };
}

const REFERENCES = ["component", "pathRef", "urlRef"];

function findComponent(
  fragment: Fragment,
  where: { file: string; input: CompileInput; report: Report },
): Fragment | undefined {
  if (fragment.kind === "component") return fragment;
  const { root } = fragment;
  const component = asMap(get(root, "component"));
  if (component) {
    const run = get(component, "run");
    return run ? { kind: "component", root: component } : undefined;
  }
  const key = root.entries.has("pathRef") ? "pathRef" : "urlRef";
  const node = get(root, key);
  const text = textOf(node);
  if (!node || text === undefined) return undefined;
  return readComponent(key === "urlRef" ? localPath(text, node, where.report) : text, node, where);
}

/** A `urlRef` names a file of this machine, or it is not read. */
function localPath(url: string, node: YamlNode, report: Report): string | undefined {
  if (/^file:\/\/(localhost)?\//i.test(url))
    return decodeURI(url.replace(/^file:\/\/(localhost)?/i, "").replaceAll(/%(?![0-9a-f]{2})/gi, "%25"));
  if (!/^[a-z][a-z0-9+.-]*:/i.test(url)) return url;
  report.errors.push({
    code: "NOT_SUPPORTED",
    message: "`urlRef` to the network is Polyaxon's; Bowline reads local components only",
    hint: "save the component in a file and name it in `pathRef`",
    place: placeOf(node.spot),
  });
  return undefined;
}

function readComponent(
  path: string | undefined,
  node: YamlNode,
  where: { file: string; input: CompileInput; report: Report },
): Fragment | undefined {
  const { file, input, report } = where;
  if (path === undefined) return undefined;
  const place = placeOf(node.spot);
  let text: string;
  try {
    text = input.readReference(path, file);
  } catch (error) {
    if (!(error instanceof BowlineError)) throw error;
    report.errors.push(...error.problems.map((problem) => ({ ...problem, place })));
    return undefined;
  }
  const component = readPolyaxonfile({ name: beside(path, file), text }, report);
  if (component?.kind !== "operation") return component;
  // So no file can lead to another one for ever.
  report.errors.push({
    code: "FIELD_INVALID",
    message: `"${path.slice(0, 200)}" is an operation; an operation runs a component`,
    hint: "name the file of the component (`kind: component`, with `run:`)",
    place,
  });
  return undefined;
}

/** The name by which messages call a file that another one names. */
function beside(path: string, file: string): string {
  return path.startsWith("/") || file === "-" ? path : posix.join(posix.dirname(file), path);
}

function applyPreset(operation: Operation, preset: YamlMap): void {
  const strategy = strategyOf(preset);
  operation.run = patchRun(operation.run, preset);
  operation.head = applyPatch(operation.head, only(preset, HEAD), strategy);
  const params = asMap(get(preset, "params"));
  if (params) operation.params = applyPatch(operation.params ?? mapOf(params.spot, {}), params, strategy);
}

function patchRun(run: YamlMap, source: YamlMap): YamlMap {
  const patch = asMap(get(source, "runPatch"));
  if (!patch) return run;
  return applyPatch(run, withoutKeys(patch, ["kind"]), strategyOf(source));
}

function strategyOf(map: YamlMap): PatchStrategy {
  return (textOf(get(map, "patchStrategy")) ?? "post_merge") as PatchStrategy;
}

function only(map: YamlMap, keys: readonly string[]): YamlMap {
  return { ...map, entries: new Map([...map.entries].filter(([key]) => keys.includes(key))) };
}

/** `build.image` and `build.commit` of the older form, where today's form has them. */
export function applyBuild(operation: Operation, report: Report): void {
  const { build } = operation;
  const image = build && get(build, "image");
  const commit = build && get(build, "commit");
  if (image) {
    const entry = operation.run.entries.get("container");
    const container = asMap(entry?.value) ?? mapOf(image.spot, {});
    if (!container.entries.has("image")) {
      const value = withEntry(container, "image", { key: spotOfKey(build, "image"), value: image });
      operation.run = withEntry(operation.run, "container", { key: entry?.key ?? image.spot, value });
    }
  }
  if (commit) operation.run = withRevision(operation.run, commit, { what: "`build.commit`", report });
}

/** The run with a revision for its one git init entry. */
export function withRevision(
  run: YamlMap,
  revision: YamlNode,
  { what, report }: { what: string; report: Report },
): YamlMap {
  const init = get(run, "init");
  const items = init?.kind === "list" ? init.items : [];
  const isGit = (item: YamlNode): boolean =>
    item.kind === "map" && !item.entries.has("file") && (item.entries.has("connection") || item.entries.has("git"));
  const found = items.filter(isGit);
  const [only] = found;
  if (init?.kind !== "list" || found.length !== 1 || only?.kind !== "map") {
    report.errors.push({
      code: "FIELD_INVALID",
      message: `${what} needs exactly one git init entry, and there ${found.length === 0 ? "is none" : `are ${found.length}`}`,
      hint: "write `git: {revision: …}` in the init entry that is meant",
      place: placeOf(revision.spot),
    });
    return run;
  }
  const git = asMap(get(only, "git")) ?? mapOf(revision.spot, {});
  const changed = withEntry(only, "git", {
    key: spotOfKey(only, "git"),
    value: withEntry(git, "revision", { key: revision.spot, value: revision }),
  });
  const list: YamlNode = { ...init, items: items.map((item) => (item === only ? changed : item)) };
  return withEntry(run, "init", { key: spotOfKey(run, "init"), value: list });
}

/** The run with one more init entry, first; what names the same connection and path is merged with it instead. */
export function withInitEntry(run: YamlMap, entry: YamlMap): YamlMap {
  const init = get(run, "init");
  const items = init?.kind === "list" ? init.items : [];
  const same = (item: YamlNode): boolean => {
    const connection = textOf(get(item, "connection"));
    if (connection !== textOf(get(entry, "connection"))) return false;
    const path = get(entry, "path");
    if (path && textOf(path) !== textOf(get(item, "path"))) return false;
    return connection !== undefined || textOf(nodeAt(item, ["git", "url"])) === textOf(nodeAt(entry, ["git", "url"]));
  };
  const meant = items.find((item) => item.kind === "map" && same(item)) as YamlMap | undefined;
  const merged = meant
    ? items.map((item) => (item === meant ? applyPatch(meant, entry, "post_merge") : item))
    : [entry, ...items];
  const value: YamlNode = { kind: "list", spot: init?.spot ?? entry.spot, items: merged };
  return withEntry(run, "init", { key: run.entries.get("init")?.key ?? entry.spot, value });
}
