import { didYouMean } from "../lib/index.ts";
import { isEmpty, placeOf, type YamlMap, type YamlNode } from "../spec/index.ts";
import { asMap, get, mapOf, spotOfKey, textOf, withEntry, withoutKeys } from "./node-edit.ts";
import { olderFileProblem } from "./older-file.ts";
import type { Report } from "./report.ts";

/** A file as what it is, with the older and shorter forms written out. */
export interface Fragment {
  kind: "component" | "operation";
  root: YamlMap;
  /** `build.image` and `build.commit` of the older `kind: experiment`. */
  build?: YamlMap;
}

const REFERENCES = ["component", "pathRef", "urlRef", "hubRef", "dagRef"];

/**
 * Says whether a file is a component or an operation, also where `version`, `kind` or `run` is missing, and reads the
 * older forms as today's, each with a warning. Undefined when the file is something else, which is told.
 */
export function readFragment(node: YamlNode, report: Report): Fragment | undefined {
  const root = asMap(node);
  if (!root) {
    report.errors.push({
      code: "FIELD_INVALID",
      message: `a polyaxonfile is a map of keys, and this is ${node.kind === "list" ? "a list" : "a single value"}`,
      hint: "begin it with `run:`, or with `kind: component` or `kind: operation`",
      place: placeOf(node.spot),
    });
    return undefined;
  }
  if (isForeign(root, report)) return undefined;
  const older = olderFileProblem(root);
  if (older) {
    report.errors.push(older);
    return undefined;
  }
  checkVersion(root, report);
  const kind = textOf(get(root, "kind"));
  const hasRun = root.entries.has("run");
  const hasReference = REFERENCES.some((key) => root.entries.has(key));
  const params = asMap(get(root, "params"));
  if (params && !hasRun && !hasReference && isRun(params))
    return { kind: "component", root: paramsAsRun(root, params, report) };
  if (kind === "experiment") return readExperiment(root, report);
  if (kind === "operation" || (kind === undefined && hasReference && !hasRun)) {
    return checkOperation(root, report) ? { kind: "operation", root } : undefined;
  }
  if (kind !== undefined && kind !== "component") {
    report.errors.push(kindProblem(root, kind));
    return undefined;
  }
  if (hasRun) return { kind: "component", root };
  if (kind === undefined && params) return { kind: "component", root: withoutRun(root, params, report) };
  if (root.entries.has("runPatch")) {
    report.errors.push({
      code: "FIELD_MISSING",
      message: "this file is a preset, and there is nothing in it to run",
      hint: "pass the polyaxonfile first: `-f FILE -f PRESET`; or name the component to patch: `pathRef: ./component.yaml`",
      place: placeOf(spotOfKey(root, "runPatch")),
    });
    return undefined;
  }
  report.errors.push({
    code: "FIELD_MISSING",
    message: 'the file has no "run", so there is nothing to run',
    hint: "write `run: {kind: job, container: {command: […]}}`, or name a component: `pathRef: ./component.yaml`",
    place: placeOf(root.spot),
  });
  return undefined;
}

/** 1.1 is meant when nothing is said; another 1.x is read as 1.1. */
export function checkVersion(root: YamlMap, report: Report): void {
  const node = get(root, "version");
  if (isEmpty(node)) return;
  const version = textOf(node);
  if (version === "1.1") return;
  const place = placeOf(node!.spot);
  if (version !== undefined && /^v?1(\.\d+)?$/.test(version)) {
    const message = `the version ${version} is read as 1.1`;
    report.warnings.push({ code: "VERSION_READ_AS_1_1", message, hint: "write `version: 1.1`", place });
    return;
  }
  const message = `the version ${version === undefined ? "" : `"${version}" `}is not one that is read here`;
  report.errors.push({ code: "VERSION_UNSUPPORTED", message, hint: "write `version: 1.1`", place });
}

/** Files that are often taken for polyaxonfiles. */
function isForeign(root: YamlMap, report: Report): boolean {
  const refuse = (key: string, message: string, hint: string): true => {
    report.errors.push({ code: "FIELD_INVALID", message, hint, place: placeOf(spotOfKey(root, key)) });
    return true;
  };
  if (root.entries.has("apiVersion")) {
    return refuse(
      "apiVersion",
      "this is a Kubernetes manifest, not a polyaxonfile",
      "secrets are read by `bowline secrets apply -f FILE`",
    );
  }
  const isConnection = root.entries.has("schema") && (root.entries.has("kind") || root.entries.has("name"));
  if (isConnection) {
    return refuse(
      "schema",
      "this is a connection, not a polyaxonfile",
      "put it below `connections:` of the config (bowline.yaml)",
    );
  }
  if (get(root, "connections")?.kind === "list" && !root.entries.has("run")) {
    return refuse("connections", "this is a config with connections, not a polyaxonfile", "pass it with --config FILE");
  }
  return false;
}

/** `params: {kind: job, init: […]}`: what the page writes where `run:` is meant. */
function isRun(params: YamlMap): boolean {
  const kind = textOf(get(params, "kind"));
  return kind !== undefined && ["init", "container", "connections"].some((key) => params.entries.has(key));
}

function paramsAsRun(root: YamlMap, params: YamlMap, report: Report): YamlMap {
  const key = spotOfKey(root, "params");
  report.warnings.push({
    code: "PARAMS_FOR_RUN",
    message: "`params` holds a run, and is read as `run`",
    hint: "write `run:` instead of `params:`",
    place: placeOf(key),
  });
  const rest = withoutKeys(root, ["params", ...(textOf(get(root, "kind")) === "operation" ? ["kind"] : [])]);
  return withEntry(rest, "run", { key, value: params });
}

/** A file with `params` alone: a job whose command comes from the command line. */
function withoutRun(root: YamlMap, params: YamlMap, report: Report): YamlMap {
  const key = spotOfKey(root, "params");
  report.warnings.push({
    code: "RUN_MISSING",
    message: "the file has params and no run; it is read as a job",
    hint: "add `run: {kind: job, container: {command: […]}}`",
    place: placeOf(key),
  });
  const kind: YamlNode = { kind: "scalar", spot: key, value: "job", text: "job", plain: true };
  return withEntry(root, "run", { key, value: mapOf(params.spot, { kind }) });
}

function readExperiment(root: YamlMap, report: Report): Fragment | undefined {
  const kind = root.entries.get("kind")!;
  if (!root.entries.has("run")) {
    report.errors.push({
      code: "NOT_SUPPORTED",
      message: "`kind: experiment` without `run` is of Polyaxon before 1.0, which is not read",
      hint: "write `kind: component` with `run: {kind: job, init: […], container: {image, command}}`",
      place: placeOf(kind.value.spot),
    });
    return undefined;
  }
  const build = asMap(get(root, "build"));
  report.warnings.push({
    code: "KIND_EXPERIMENT",
    message: "`kind: experiment` is of Polyaxon before 1.0, and is read as a component",
    hint: `write \`kind: component\`${build ? ", the image as `run.container.image` and the commit as `git: {revision: …}` of the init entry" : ""}`,
    place: placeOf(kind.value.spot),
  });
  return { kind: "component", root: withoutKeys(root, ["kind"]), ...(build && { build }) };
}

function checkOperation(root: YamlMap, report: Report): boolean {
  const references = REFERENCES.filter((key) => root.entries.has(key) && !isEmpty(get(root, key)));
  if (root.entries.has("run")) {
    report.errors.push({
      code: "FIELD_UNKNOWN",
      message: 'an operation has no "run" of its own',
      hint:
        references.length > 0
          ? "to change the component's run, write `runPatch:`"
          : "write `kind: component`, or put it below `component:`",
      place: placeOf(spotOfKey(root, "run")),
    });
    return false;
  }
  if (references.length === 1) return true;
  report.errors.push(
    references.length === 0
      ? {
          code: "FIELD_MISSING",
          message: "the operation does not say which component it runs",
          hint: "write `pathRef: ./component.yaml`, or the component itself below `component:`",
          place: placeOf(root.spot),
        }
      : {
          code: "FIELD_INVALID",
          message: `the operation names more than one component: ${references.join(", ")}`,
          hint: "keep one of them",
          place: placeOf(spotOfKey(root, references[1]!)),
        },
  );
  return false;
}

function kindProblem(root: YamlMap, kind: string): Report["errors"][number] {
  const place = placeOf(root.entries.get("kind")!.value.spot);
  if (kind === "job" || kind === "service") {
    const hint = `write \`kind: component\` (or leave it out) and \`run: {kind: ${kind}, …}\``;
    return { code: "FIELD_INVALID", message: `"${kind}" is the kind of a run, not of a file`, hint, place };
  }
  if (["compiled_operation", "pipeline"].includes(kind)) {
    const hint = "write `kind: component` with a `run:` of kind job or service";
    return {
      code: "NOT_SUPPORTED",
      message: `files of kind "${kind}" are Polyaxon's; Bowline does not run them`,
      hint,
      place,
    };
  }
  const hint = didYouMean(kind, ["component", "operation"]) ?? "one of: component, operation";
  return { code: "FIELD_INVALID", message: `the kind of a polyaxonfile cannot be "${kind.slice(0, 60)}"`, hint, place };
}
