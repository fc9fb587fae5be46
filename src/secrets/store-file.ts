import { readFile } from "node:fs/promises";
import { BowlineError, errnoOf, isMap, writePrivateFile } from "../lib/index.ts";
import { unreadable } from "./key-file.ts";
import type { SealedValue, StoredKind } from "./sealed-value.ts";

/** Everything that is stored: names and keys in the clear, values encrypted. */
export interface StoreFile {
  apiVersion: "bowline/v1";
  /** Which key the values are encrypted with; absent while nothing is stored. */
  keyId?: string;
  secrets: Entries;
  configMaps: Entries;
}

/** Values by name and key. */
export type Entries = Record<string, Record<string, SealedValue>>;

const API_VERSION = "bowline/v1";

/** What is stored; nothing, when the file is not there. SECRETS_UNREADABLE when it is damaged. */
export async function readStoreFile(path: string): Promise<StoreFile> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    if (errnoOf(cause) === "ENOENT") return undefined;
    throw unreadable(`the stored secrets "${path}" cannot be read (${errnoOf(cause)})`, "make the file yours", cause);
  });
  if (text === undefined) return { apiVersion: API_VERSION, secrets: {}, configMaps: {} };
  const damaged = (cause?: unknown) =>
    unreadable(
      `the stored secrets "${path}" are damaged`,
      "put the file back from a backup, or remove it and store the secrets again",
      cause,
    );
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (cause) {
    throw damaged(cause);
  }
  const { apiVersion, secrets, configMaps } = isMap(file) ? file : {};
  if (typeof apiVersion === "string" && apiVersion !== API_VERSION) {
    throw new BowlineError({
      code: "VERSION_UNSUPPORTED",
      message: `the stored secrets "${path}" have the version "${apiVersion}"; this Bowline reads "${API_VERSION}"`,
      hint: "use the version of Bowline that wrote them",
    });
  }
  if (apiVersion === undefined || !areEntries(secrets) || !areEntries(configMaps)) throw damaged();
  return file as unknown as StoreFile;
}

export async function writeStoreFile(path: string, file: StoreFile): Promise<void> {
  await writePrivateFile(path, `${JSON.stringify(file, undefined, 1)}\n`);
}

export function entriesOf(file: StoreFile, kind: StoredKind): Entries {
  return kind === "secret" ? file.secrets : file.configMaps;
}

/** The values of one name by key; absent when nothing has that name. */
export function entryOf(file: StoreFile, kind: StoredKind, name: string): Record<string, SealedValue> | undefined {
  const entries = entriesOf(file, kind);
  // A name such as "constructor" must not find what every object has.
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}

function areEntries(value: unknown): value is Entries {
  return isMap(value) && Object.values(value).every((keys) => isMap(keys) && Object.values(keys).every(isSealed));
}

function isSealed(value: unknown): boolean {
  return (
    isMap(value) &&
    typeof value["iv"] === "string" &&
    typeof value["data"] === "string" &&
    Number.isInteger(value["version"])
  );
}
