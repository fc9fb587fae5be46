import { join } from "node:path";
import type { Home } from "../config/index.ts";
import { BowlineError, didYouMean, withFileLock } from "../lib/index.ts";
import { type MasterKey, readKeyFile, readOrCreateKeyFile, unreadable } from "./key-file.ts";
import { type AppliedManifest, readManifest } from "./manifest.ts";
import { checkName, checkValue } from "./names.ts";
import { seal, type StoredKind, unseal } from "./sealed-value.ts";
import { entriesOf, entryOf, readStoreFile, type StoreFile, writeStoreFile } from "./store-file.ts";

/** One stored secret or config map, without its values. */
export interface StoredName {
  kind: StoredKind;
  name: string;
  keys: string[];
}

/** Secrets and config maps of this machine, each value encrypted. Every method may throw SECRETS_UNREADABLE. */
export interface SecretStore {
  /** What is stored, by name; needs no key. */
  names: () => Promise<StoredName[]>;
  /** The values by key. SECRET_NOT_FOUND, with near names. */
  get: (name: string, kind?: StoredKind) => Promise<ReadonlyMap<string, Buffer>>;
  /** Stores one value. USAGE for a name that cannot be one, SECRET_INVALID for an empty or too large value. */
  set: (name: string, key: string, value: Uint8Array) => Promise<void>;
  /** Removes one key, or all of them; needs no key file. SECRET_NOT_FOUND when it is not there. */
  remove: (name: string, key?: string) => Promise<void>;
  /** Stores what Kubernetes Secret and ConfigMap manifests hold; of keys that are gone from them, it removes what an earlier one brought. */
  apply: (manifestText: string, file: string) => Promise<AppliedManifest>;
}

/** Opens the store of the data folder; nothing is read or made yet. */
export function openSecretStore(home: Home): SecretStore {
  const folder = join(home.data, "secrets");
  const paths = { store: join(folder, "secrets.json"), key: join(folder, "key"), lock: join(folder, "lock") };
  const change = <T>(act: (file: StoreFile) => Promise<T>): Promise<T> =>
    withFileLock(paths.lock, async () => {
      const file = await readStoreFile(paths.store);
      const result = await act(file);
      await writeStoreFile(paths.store, file);
      return result;
    });
  return {
    async names() {
      return storedNames(await readStoreFile(paths.store));
    },
    async get(name, kind = "secret") {
      const file = await readStoreFile(paths.store);
      const entry = entryOf(file, kind, name);
      if (entry === undefined) throw notFound(file, { kind, name });
      const key = await keyFor(file, paths);
      const values = Object.entries(entry).map(([one, sealed]) => {
        const place = { kind, name, key: one, version: sealed.version };
        return [one, open(() => unseal(key.bytes, place, sealed), { store: paths.store, name, key: one })] as const;
      });
      return new Map(values);
    },
    async set(name, key, value) {
      checkName(name, key);
      checkValue(name, key, value);
      await change(async (file) => put(file, await keyFor(file, paths), { kind: "secret", name, key, value }));
    },
    async remove(name, key) {
      await change(async (file) => removeEntry(file, name, key));
    },
    async apply(manifestText, manifestFile) {
      const manifest = readManifest(manifestText, manifestFile);
      await change(async (file) => {
        const master = await keyFor(file, paths);
        for (const { kind, name, values } of manifest.entries) {
          const stored = (entriesOf(file, kind)[name] = entryOf(file, kind, name) ?? {});
          for (const [key, sealed] of Object.entries(stored)) {
            if (sealed.applied && !values.has(key)) delete stored[key];
          }
          for (const [key, value] of values) put(file, master, { kind, name, key, value, applied: true });
        }
      });
      return manifest.applied;
    },
  };
}

/** The key the file's values are encrypted with; for a file without values the one there is, or a new one. */
async function keyFor(file: StoreFile, paths: { key: string; store: string }): Promise<MasterKey> {
  const startAnew = `put it back from a backup, or remove "${paths.store}" and store the secrets again`;
  const empty = storedNames(file).every(({ keys }) => keys.length === 0);
  const key = empty ? await readOrCreateKeyFile(paths.key) : await readKeyFile(paths.key);
  if (key === undefined) {
    throw unreadable(`the key file "${paths.key}" is lost; without it no stored secret can be read`, startAnew);
  }
  if (!empty && key.id !== file.keyId) {
    throw unreadable(
      `the key file "${paths.key}" is not the one that the stored secrets were encrypted with`,
      startAnew,
    );
  }
  file.keyId = key.id;
  return key;
}

function put(
  file: StoreFile,
  master: MasterKey,
  entry: { kind: StoredKind; name: string; key: string; value: Uint8Array; applied?: true },
): void {
  const { kind, name, key, value, applied } = entry;
  const stored = entryOf(file, kind, name) ?? {};
  const version = (Object.hasOwn(stored, key) ? stored[key]!.version : 0) + 1;
  const sealed = seal(master.bytes, { kind, name, key, version }, Buffer.from(value));
  stored[key] = applied ? { ...sealed, applied } : sealed;
  entriesOf(file, kind)[name] = stored;
}

function removeEntry(file: StoreFile, name: string, key: string | undefined): void {
  const kind = !entryOf(file, "secret", name) && entryOf(file, "configMap", name) ? "configMap" : "secret";
  const stored = entryOf(file, kind, name);
  if (stored === undefined || (key !== undefined && !Object.hasOwn(stored, key))) {
    throw notFound(file, { kind, name, key }, "see what is stored: bowline secrets ls");
  }
  if (key !== undefined) delete stored[key];
  if (key === undefined || Object.keys(stored).length === 0) delete entriesOf(file, kind)[name];
}

function storedNames(file: StoreFile): StoredName[] {
  const list = (kind: StoredKind) =>
    Object.entries(entriesOf(file, kind)).map(([name, keys]) => ({ kind, name, keys: Object.keys(keys).sort() }));
  return [...list("secret"), ...list("configMap")].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** `otherwise` is what to do where no near name is meant; to store it, when absent. */
function notFound(
  file: StoreFile,
  wanted: { kind: StoredKind; name: string; key?: string | undefined },
  otherwise?: string,
): BowlineError {
  const { kind, name, key } = wanted;
  const noun = kind === "secret" ? "secret" : "config map";
  const entry = entryOf(file, kind, name);
  const known = Object.keys(entry ?? entriesOf(file, kind));
  const near = didYouMean(entry ? (key ?? "") : name, known);
  const store =
    kind === "secret"
      ? `store it: bowline secrets set ${name} ${key ?? "POLYAXON_GIT_CREDENTIALS"}`
      : "store it from its manifest: bowline secrets apply -f FILE";
  return new BowlineError({
    code: "SECRET_NOT_FOUND",
    message: entry ? `the ${noun} "${name}" has no key "${key}"` : `there is no ${noun} "${name}" in the store`,
    hint: near ? `${near} Otherwise ${otherwise ?? store}` : (otherwise ?? store),
  });
}

function open(act: () => Buffer, where: { store: string; name: string; key: string }): Buffer {
  try {
    return act();
  } catch (cause) {
    throw unreadable(
      `the value of key "${where.key}" of "${where.name}" in "${where.store}" was damaged or changed`,
      `store it again: bowline secrets set ${where.name} ${where.key}`,
      cause,
    );
  }
}
