/** The library: what `import … from "bowline"` gives. */
export { compile } from "./compile/index.ts";
export type { CompileContext, CompileInput, CompilePolicy, CompileResult } from "./compile/index.ts";
export type { ContainerPlan, ContainerStep, FileStep, GitPin, GitStep, InitStep, Plan } from "./compile/index.ts";
export { DEFAULT_POLICY, loadCatalog, networkFrom } from "./config/index.ts";
export type { Network, Policy, Timeouts } from "./config/index.ts";
export type {
  Catalog,
  Connection,
  Credential,
  CredentialEntry,
  FindCredential,
  GitSchema,
} from "./connections/index.ts";
export { credentialFromSecret, inScope, scopeOf } from "./connections/index.ts";
export type {
  CodeReference,
  ConnectionReport,
  GitEvent,
  GitRequest,
  MaterializeRequest,
  Resolution,
  ServerFeatures,
  Session,
} from "./git/index.ts";
export { checkConnection, materialize, resolve } from "./git/index.ts";
export { BowlineError, ERROR_CODES, parseGitUrl } from "./lib/index.ts";
export type { ErrorCode, GitUrl, Place, Problem } from "./lib/index.ts";
export { DEFAULT_GIT_OPTIONS } from "./spec/index.ts";
export type { GitOptions } from "./spec/index.ts";
