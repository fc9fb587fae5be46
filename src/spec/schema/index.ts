export { gitFields, initEntry } from "./init.ts";
export { io, param, PARAM_KEYS } from "./params.ts";
export { component, operation, preset, termination } from "./polyaxonfile.ts";
export { OTHER_RUN_KINDS, run } from "./run.ts";
