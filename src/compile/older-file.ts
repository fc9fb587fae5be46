import type { ProblemInput } from "../lib/index.ts";
import { OLDER_KEYS, placeOf, type YamlMap, type YamlSpot } from "../spec/index.ts";
import { asMap, get, textOf } from "./node-edit.ts";

/**
 * A file of Polyaxon before 1.0, as the one error that it is, at the key that says so, with what its keys are today.
 * Undefined for a file of today: one whose run has a `kind` is one, whatever stands around it.
 */
export function olderFileProblem(root: YamlMap): ProblemInput | undefined {
  const run = asMap(get(root, "run"));
  if (run?.entries.has("kind") || OF_TODAY.some((key) => root.entries.has(key))) return undefined;
  const keys = [root, run, asMap(get(root, "build")), asMap(get(root, "environment"))].flatMap(olderKeys);
  const kind = textOf(get(root, "kind")) ?? "";
  const instead = KINDS.get(kind);
  const sign = keys.find(({ key }) => key === "cmd") ?? keys[0];
  if (!sign && instead === undefined) return undefined;
  const today = keys.filter(({ key }) => key !== "cmd").map(({ key }) => `\`${key}\` ${OLDER_KEYS.get(key)}`);
  return {
    code: "NOT_SUPPORTED",
    message: `this is a file of Polyaxon before 1.0 (\`${sign?.key ?? `kind: ${kind}`}\`), which is not read`,
    hint: `${instead ?? AS_JOB}${today.length > 0 ? `; today ${[...new Set(today)].join(", ")}` : ""}`,
    place: placeOf(sign?.spot ?? get(root, "kind")!.spot),
  };
}

/** Keys of an operation or preset of today. */
const OF_TODAY = ["component", "pathRef", "urlRef", "hubRef", "dagRef", "runPatch"];

/** The repository was the project's own, and is an init entry now. */
const AS_JOB =
  "write `kind: component` and `run: {kind: job, init: [{connection: NAME}], container: {image: …, command: [sh, -c, …]}}`";

/** Kinds of files that went with 1.0, and what to write today. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ["group", AS_JOB],
  ["build", "build the image before, and name it in `container.image`"],
  ["notebook", "write `run: {kind: service, ports: [8888], container: {image: …, command: [jupyter, lab]}}`"],
  [
    "tensorboard",
    "write `run: {kind: service, ports: [6006], container: {image: …, command: [tensorboard, --logdir, …]}}`",
  ],
]);

function olderKeys(map: YamlMap | undefined): { key: string; spot: YamlSpot }[] {
  if (!map) return [];
  return [...map.entries].flatMap(([key, entry]) => (OLDER_KEYS.has(key) ? [{ key, spot: entry.key }] : []));
}
