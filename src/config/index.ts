export type { Config, ExecutorChoice, Home, InitSettings, Network, Policy, Timeouts } from "./config.ts";
