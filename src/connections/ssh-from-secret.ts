import type { SecretText } from "./secret-text.ts";

/** The part of a credential for ssh, and the texts to mask. */
export interface SshPart {
  ssh: { privateKey: string; passphrase?: string };
  secretValues: string[];
}

/** The private key of the secret; absent when it has none. */
export function sshFromSecret(text: SecretText): SshPart | undefined {
  const key = privateKeyName(text.data);
  if (key === undefined) return undefined;
  const privateKey = text.lines(key)!;
  if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----\n/.test(privateKey)) {
    throw text.invalid(
      key,
      "is not a private ssh key",
      "store the private key file as ssh-keygen made it, not the .pub",
    );
  }
  const passphrase = text.line("passphrase");
  return {
    ssh: { privateKey, ...(passphrase !== undefined && { passphrase }) },
    secretValues: passphrase === undefined ? [privateKey] : [privateKey, passphrase],
  };
}

// Kubernetes' own name (type kubernetes.io/ssh-auth) first, then ssh-keygen's, the strongest first.
const PREFERRED = ["ssh-privatekey", "id_ed25519", "id_ecdsa", "id_rsa"];

function privateKeyName(data: ReadonlyMap<string, Buffer>): string | undefined {
  const preferred = PREFERRED.find((key) => data.has(key));
  if (preferred !== undefined) return preferred;
  // Of any other name only what is a key: a secret may well have an "id_token" for the user's own use.
  const others = [...data].filter(([key, value]) => key.startsWith("id_") && value.includes("PRIVATE KEY-----"));
  return others.map(([key]) => key).sort()[0];
}
