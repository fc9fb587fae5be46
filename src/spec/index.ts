export { checkShape, type CheckShapeOptions } from "./check-shape.ts";
export { codeFrame } from "./code-frame.ts";
export { type GitFlag, GIT_FLAGS, parseGitFlags, type ParsedGitFlags } from "./git-flags.ts";
export { DEFAULT_GIT_OPTIONS, type GitOptions } from "./git-options.ts";
export { readYaml, type YamlSource } from "./read-yaml.ts";
