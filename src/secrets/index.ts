export { openSecretStore, type SecretStore, type StoredName } from "./secret-store.ts";
export type { AppliedManifest } from "./manifest.ts";
export type { StoredKind } from "./sealed-value.ts";
