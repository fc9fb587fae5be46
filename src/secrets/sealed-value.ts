import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** An encrypted value as it is stored; everything in base64. */
export interface SealedValue {
  /** Counts the writes of this key; part of what is authenticated. */
  version: number;
  iv: string;
  /** Ciphertext, then the tag of 16 bytes. */
  data: string;
  /** Came from a manifest, so that the next manifest may take it away again. */
  applied?: true;
}

/** What a value belongs to: it cannot be moved to another name or key, nor taken for another version. */
export interface SealedPlace {
  kind: StoredKind;
  name: string;
  key: string;
  version: number;
}

export type StoredKind = "secret" | "configMap";

const CIPHER = "aes-256-gcm";
/** NIST SP 800-38D, section 8.2.2: random IVs of 96 bits. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

export function seal(masterKey: Buffer, place: SealedPlace, value: Buffer): SealedValue {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, masterKey, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(authenticated(place));
  const data = Buffer.concat([cipher.update(value), cipher.final(), cipher.getAuthTag()]);
  return { version: place.version, iv: iv.toString("base64"), data: data.toString("base64") };
}

/** The value; throws when the key is another one or anything was changed. */
export function unseal(masterKey: Buffer, place: SealedPlace, sealed: SealedValue): Buffer {
  const data = Buffer.from(sealed.data, "base64");
  const decipher = createDecipheriv(CIPHER, masterKey, Buffer.from(sealed.iv, "base64"), { authTagLength: TAG_BYTES });
  decipher.setAAD(authenticated(place));
  decipher.setAuthTag(data.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(data.subarray(0, -TAG_BYTES)), decipher.final()]);
}

function authenticated({ kind, name, key, version }: SealedPlace): Buffer {
  return Buffer.from(JSON.stringify([kind, name, key, version]));
}
