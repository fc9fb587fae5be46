export type {
  Catalog,
  Connection,
  CredentialEntry,
  EnvVar,
  GitSchema,
  Provider,
  ResourceReference,
} from "./connection.ts";
export type { Credential, FindCredential } from "./credential.ts";
export { credentialFromSecret, type CredentialSource } from "./credential-from-secret.ts";
export { httpSettings } from "./http-settings.ts";
export { withProxy } from "./proxy.ts";
export { inScope, scopeOf, scopeOfConnection, scopeOfMatch, urlInScopeOf } from "./scope.ts";
export { providerOf, tokenUsername } from "./provider.ts";
