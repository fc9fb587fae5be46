export { checkShape } from "./check-shape.ts";
export { codeFrame } from "./code-frame.ts";
export { type GitFlag, GIT_FLAGS, isInside, parseGitFlags } from "./git-flags.ts";
export { DEFAULT_GIT_OPTIONS, type GitOptions } from "./git-options.ts";
export { OLDER_KEYS } from "./older-keys.ts";
export type {
  ContainerFields,
  EnvVarFields,
  FileFields,
  GitFields,
  InitEntry,
  IoFields,
  ParamFields,
  PatchStrategy,
  RunFields,
  TerminationFields,
} from "./polyaxonfile.ts";
export { polyaxonfileJsonSchema } from "./json-schema.ts";
export { readYaml, sourceOf, type YamlSource } from "./read-yaml.ts";
export * as schemas from "./schema/index.ts";
export {
  isEmpty,
  nodeAt,
  nodeOf,
  placeOf,
  plainData,
  type YamlEntry,
  type YamlMap,
  type YamlNode,
  type YamlScalar,
  type YamlSpot,
} from "./yaml-node.ts";
