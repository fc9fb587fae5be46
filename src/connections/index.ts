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
