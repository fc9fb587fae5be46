export { createCredentialFinder } from "./credential-finder.ts";
export { readSecretOrConfigMap } from "./read-secret.ts";
export { openSecretStore, type SecretStore, type StoredName } from "./secret-store.ts";
export { readManifest } from "./manifest.ts";
export { checkName as checkSecretName, checkValue as checkSecretValue } from "./names.ts";
