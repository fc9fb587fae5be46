export { createCredentialFinder, type FinderOptions } from "./credential-finder.ts";
export type { AppliedManifest } from "./manifest.ts";
export { readSecretOrConfigMap, type ReadRequest } from "./read-secret.ts";
export type { StoredKind } from "./sealed-value.ts";
export { openSecretStore, type SecretStore, type StoredName } from "./secret-store.ts";
