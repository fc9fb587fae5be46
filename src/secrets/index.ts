export { createCredentialFinder } from "./credential-finder.ts";
export { readSecretOrConfigMap } from "./read-secret.ts";
export { openSecretStore, type SecretStore, type StoredName } from "./secret-store.ts";
