import { didYouMean } from "../lib/index.ts";
import { checkShape, nodeOf, placeOf, readYaml, schemas, sourceOf, type YamlMap } from "../spec/index.ts";
import { checkVersion, type Fragment, readFragment } from "./fragment.ts";
import { asMap, get, mapOf, spotOfKey, textOf, withEntry, withoutKeys } from "./node-edit.ts";
import type { Report } from "./report.ts";
import { checkUnusedKeys } from "./unused.ts";

export interface NamedText {
  name: string;
  text: string;
}

/** Reads a polyaxonfile and checks its shape; templates may still stand where something else is asked for. */
export function readPolyaxonfile({ name, text }: NamedText, report: Report): Fragment | undefined {
  const root = readRoot({ name, text }, report);
  const fragment = root && readFragment(root, report);
  if (!fragment) return undefined;
  if (textOf(get(fragment.root, "isPreset")) === "true") {
    report.errors.push({
      code: "FIELD_INVALID",
      message: "this file is a preset, and there is nothing in it to run",
      hint: "pass the polyaxonfile first: `-f FILE -f PRESET`",
      place: placeOf(get(fragment.root, "isPreset")!.spot),
    });
    return undefined;
  }
  const schema = fragment.kind === "component" ? schemas.component : schemas.operation;
  checkMap(fragment.root, schema, report);
  const component = asMap(get(fragment.root, "component"));
  if (component) checkUnusedKeys(component, report);
  return fragment;
}

/** Reads a preset: part of an operation. */
export function readPreset({ name, text }: NamedText, report: Report): YamlMap | undefined {
  const node = readRoot({ name, text }, report);
  const root = asMap(node);
  if (!root) {
    if (node) {
      const place = placeOf(node.spot);
      report.errors.push({
        code: "FIELD_INVALID",
        message: "a preset is a map of keys",
        hint: "write `runPatch: {…}` or `params: {…}`",
        place,
      });
    }
    return undefined;
  }
  checkVersion(root, report);
  const wrong = ["run", "component", "pathRef", "urlRef"].find((key) => root.entries.has(key));
  if (wrong !== undefined) {
    report.errors.push({
      code: "FIELD_UNKNOWN",
      message: `a preset has no "${wrong}": it is patched into the file before it`,
      hint: wrong === "run" ? "write `runPatch:` instead of `run:`" : "leave it out, or pass only one polyaxonfile",
      place: placeOf(root.entries.get(wrong)!.key),
    });
    return undefined;
  }
  checkMap(root, schemas.preset, report);
  return root;
}

function readRoot({ name, text }: NamedText, report: Report): ReturnType<typeof readYaml>["root"] {
  const source = readYaml(text, name);
  report.errors.push(...source.problems);
  if (!source.root && source.problems.length === 0) {
    const hint = "begin it with `run:`, or with `kind: component` or `kind: operation`";
    report.errors.push({
      code: "FIELD_MISSING",
      message: `"${name}" is empty`,
      hint,
      place: { file: name, line: 1, column: 1 },
    });
  }
  return source.root;
}

function checkMap(root: YamlMap, schema: (typeof schemas)["component" | "operation" | "preset"], report: Report): void {
  checkUnusedKeys(root, report);
  let checked = withoutImageBuild(replaceOtherRun(root, "run", report), report);
  const inner = asMap(get(root, "component"));
  if (inner)
    checked = withEntry(checked, "component", {
      ...root.entries.get("component")!,
      value: withoutImageBuild(replaceOtherRun(inner, "run", report), report),
    });
  checked = replaceOtherRun(checked, "runPatch", report);
  report.errors.push(
    ...checkShape(schema as Parameters<typeof checkShape>[0], sourceOf(checked, ""), { templates: true }).problems,
  );
}

/** A run of a kind that is not run here is one error, and its keys none. */
function replaceOtherRun(root: YamlMap, key: "run" | "runPatch", report: Report): YamlMap {
  const entry = root.entries.get(key);
  const kind = get(entry?.value, "kind");
  const name = textOf(kind);
  if (!entry || !kind || name === undefined || !schemas.OTHER_RUN_KINDS.includes(name)) return root;
  report.errors.push({
    code: "NOT_SUPPORTED",
    message: `runs of kind "${name}" are Polyaxon's; Bowline does not run them yet`,
    hint: didYouMean(name, ["job", "service"]) ?? "Bowline runs `kind: job` and `kind: service`",
    place: placeOf(kind.spot),
  });
  return withEntry(root, key, { ...entry, value: mapOf(entry.value.spot, { kind: nodeOf("job", kind.spot) }) });
}

/** Keys of today's `build:`, which is an operation that builds an image; the older one has `image` and `commit`. */
const IMAGE_BUILD = ["hubRef", "pathRef", "urlRef", "params", "runPatch", "connection", "queue", "presets", "cache"];

/** A build of an image is one error at `build`, and its keys none. */
function withoutImageBuild(root: YamlMap, report: Report): YamlMap {
  const build = asMap(get(root, "build"));
  if (!build || !IMAGE_BUILD.some((key) => build.entries.has(key))) return root;
  report.errors.push({
    code: "NOT_SUPPORTED",
    message: '"build" builds an image, which is Polyaxon\'s; Bowline does not do it yet',
    hint: "build the image before, name it in `container.image`, and leave `build` out",
    place: placeOf(spotOfKey(root, "build")),
  });
  return withoutKeys(root, ["build"]);
}
