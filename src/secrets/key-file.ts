import { createHash, randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { BowlineError, createPrivateFile, errnoOf } from "../lib/index.ts";

/** The key that all stored values are encrypted with, and what tells it from another one. */
export interface MasterKey {
  bytes: Buffer;
  id: string;
}

const KEY_BYTES = 32;

/** The key of the file; absent when there is no such file. SECRETS_UNREADABLE when it is damaged or others may read it. */
export async function readKeyFile(path: string): Promise<MasterKey | undefined> {
  const file = await open(path, "r").catch((cause: unknown) => {
    if (errnoOf(cause) === "ENOENT") return undefined;
    throw unreadable(`the key file "${path}" cannot be read (${errnoOf(cause)})`, "make it yours", cause);
  });
  if (file === undefined) return undefined;
  try {
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) {
      throw unreadable(
        `others than its owner may use the key file "${path}" (mode ${(mode & 0o777).toString(8).padStart(4, "0")})`,
        `run: chmod 600 ${path} (and if somebody may have read it, store the secrets again)`,
      );
    }
    const bytes = Buffer.from(await file.readFile("utf8"), "base64");
    if (bytes.length !== KEY_BYTES) {
      throw unreadable(`the key file "${path}" is damaged`, "put the file back from a backup");
    }
    return { bytes, id: keyId(bytes) };
  } finally {
    await file.close();
  }
}

/** The key of the file, which is made first where there is none; of several processes at once one makes it. */
export async function readOrCreateKeyFile(path: string): Promise<MasterKey> {
  const present = await readKeyFile(path);
  if (present) return present;
  await createPrivateFile(path, `${randomBytes(KEY_BYTES).toString("base64")}\n`);
  return (await readKeyFile(path))!;
}

export function unreadable(message: string, hint: string, cause?: unknown): BowlineError {
  return new BowlineError({ code: "SECRETS_UNREADABLE", message, hint }, { cause });
}

// Tells keys apart and gives nothing of a key away.
function keyId(bytes: Buffer): string {
  return createHash("sha256").update("bowline key id\0").update(bytes).digest("hex").slice(0, 16);
}
