export type { Config, ExecutorChoice, Home, InitSettings, Network, Policy, Setting, Timeouts } from "./config.ts";
export type { DockerEnvironment } from "./docker.ts";
export { DEFAULT_POLICY } from "./default-policy.ts";
export { homeFolders, type Environment } from "./home.ts";
export { loadCatalog } from "./load-catalog.ts";
export { configJsonSchema, loadConfig } from "./load-config.ts";
export { readSize } from "./quantities.ts";
export { networkFrom } from "./network.ts";
export { trustConfig, untrustedProblem } from "./trust.ts";
