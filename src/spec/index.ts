export type { GitOptions } from "./git-options.ts";
