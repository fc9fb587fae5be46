export type { Config, ExecutorChoice, Home, InitSettings, Network, Policy, Timeouts } from "./config.ts";
export { DEFAULT_POLICY } from "./default-policy.ts";
export { homeFolders, type Environment } from "./home.ts";
export { networkFrom } from "./network.ts";
