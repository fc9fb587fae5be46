import type { Redactor } from "../lib/index.ts";
import type { FindCredential } from "../connections/index.ts";

/** What a run may ask of the user's secrets. */
export interface SecretSource {
  /** SECRET_NOT_FOUND when absent. */
  read: (kind: "secret" | "configMap", name: string) => Promise<ReadonlyMap<string, Buffer>>;
  findCredentialFor: (connection?: string) => FindCredential;
}

/** Keys of a secret that are no secret themselves: to mask them would blot out ordinary words. */
const PUBLIC_KEYS = new Set(["username", "known_hosts", "ca.crt"]);

/** The same access; whatever a run is given through it, is masked from then on. */
export function maskedSecrets(source: SecretSource, redactor: Redactor): SecretSource {
  return {
    async read(kind, name) {
      const data = await source.read(kind, name);
      if (kind === "secret") redactor.add([...data].filter(([key]) => !PUBLIC_KEYS.has(key)).flatMap(secretsOf));
      return data;
    },
    findCredentialFor: (connection) => async (url) => {
      const credential = await source.findCredentialFor(connection)(url);
      if (credential !== undefined) redactor.add(credential.secretValues);
      return credential;
    },
  };
}

/** The value, and of `user:password` the password, too. */
function secretsOf([key, value]: [string, Buffer]): Uint8Array[] {
  const colon = key === "POLYAXON_GIT_CREDENTIALS" ? value.indexOf(":") : -1;
  return colon === -1 ? [value] : [value, value.subarray(colon + 1)];
}
